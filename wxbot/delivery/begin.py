"""The second commit of a message: what its turn comes to, and `sending` right before the bytes leave."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from wxbot.delivery import ladder
from wxbot.delivery.budget import TOO_LATE, Awaited, Decision, decide, repeated
from wxbot.delivery.claims import MOST_JOINED, Claimed, Claims, may_try
from wxbot.delivery.ladder import Call
from wxbot.delivery.manner import is_quiet, put_off, quiet_from
from wxbot.delivery.places import Places
from wxbot.delivery.way import Going, Way
from wxbot.errors import StoreError
from wxbot.protocol.media import uses_in
from wxbot.protocol.outgoing import text_message
from wxbot.protocol.reaction import probe_seconds
from wxbot.protocol.window import Grant, is_unlimited
from wxbot.store import contacts, gates, lanes, outbox, plans
from wxbot.store.engine import Store, Transaction
from wxbot.store.gates import Gate
from wxbot.store.lanes import Head, Lane, Move
from wxbot.store.to_come import to_come


class Beginning:
    """One process's beginnings, for every account."""

    def __init__(self, store: Store, claims: Claims, ways: Mapping[str, Way], places: Mapping[str, Places]) -> None:
        self._store, self._claims, self._ways, self._places = store, claims, ways, places

    def can_at_once(self, one: Claimed) -> bool:
        """Return whether it can be begun in the transaction that claims it.

        Files have to be uploaded first, and a place on the ladder is not the store's to undo.
        """
        return not (self._ways[one.head.account].manners.have_fallback or uses_in(one.head.message))

    def begin(self, tx: Transaction, one: Claimed, now: float, *, renew: bool) -> Going | Move | None:
        """Decide, and mark what goes out as `sending` with its grant spent; `renew` the lane's lease before.

        When nothing does, return what became of it instead, None when it is as it was. Raises StoreError when
        another sender has it.
        """
        if one.is_marked:  # else whoever claimed it holds the user
            contacts.hold(tx, one.head.account, one.head.openid)  # a push takes the user before the lanes: so do we
        if renew and not lanes.extend(tx, one.lane, self._claims.lease(tx)):
            return None
        turn = self._turn(tx, one, now)
        if isinstance(turn, Going):
            return turn
        self._claims.move_head(tx, one, turn, now)
        self._claims.release(tx, one.lane)
        return None if turn.state == "queued" else turn

    def _turn(self, tx: Transaction, one: Claimed, now: float) -> Going | Move:
        """Return what goes out, marked, or what becomes of the follow-up without that."""
        lane, head = one.lane, one.head
        way = self._ways[head.account]
        due = lanes.due(tx, lane, now + way.budget.ahead, MOST_JOINED) if one.is_marked else one.due
        if not due or due[0] != head:  # something earlier has come in, or an operator changed it
            return Move(state="queued")
        if (later := put_off(head, lane, way.manners.of(head.topic), now)) is not None:
            return later
        since = self._doubt(tx, head)
        if since is not None and head.on_doubt == "park":
            return self._descend(tx, one, "an earlier try may have arrived", now, since)
        if one.barred is not None:
            return self._without_window(tx, one, one.barred, now, since)
        loud = [each for each in due if not self._is_quiet(each, lane, max(now, each.ready_at))]
        again = repeated(self._history(tx, head)) if head.rung == "window" else set()
        due = [each for each in loud if each == head or each.id in again] if again else loud
        quiet = min(quiet_from(each, lane, way.manners.of(each.topic), now) for each in due)
        grants = contacts.grants(tx, head.account, head.openid) if one.grants is None else one.grants
        decision = self._decide(tx, due, grants, now, quiet, repeats=bool(again))
        if decision.grant is not None:
            return self._go(tx, one, due, decision, now)
        if decision.move.state == "held" and head.on_closed == "template":
            return self._descend(tx, one, decision.move.reason, now, since)
        return decision.move

    def _is_quiet(self, head: Head, lane: Lane, at: float) -> bool:
        return is_quiet(self._ways[head.account].manners.of(head.topic), head.priority, lane.lane, at)

    def _without_window(
        self, tx: Transaction, one: Claimed, gate: Gate, now: float, since: float | None
    ) -> Going | Move:
        """Return what becomes of it while a gate is closed for long: its fallback does not wait for that."""
        head = one.head
        if head.not_after is not None and now > head.not_after:
            return TOO_LATE
        if head.on_closed != "template":
            return Move(state="queued")
        step = self._descend(tx, one, f"the window rests: {gate.reason}", now, since)
        if isinstance(step, Move) and step.state == "held":  # it is for the gate to open, not for the user to write
            return Move(state="queued", reason=step.reason, ready_at=min(gate.until, gate.probe_at or gate.until))
        return step

    def _go(self, tx: Transaction, one: Claimed, due: Sequence[Head], decision: Decision, now: float) -> Going:
        """Mark what goes out inside the window."""
        lane, head = one.lane, one.head
        others = due[1 : decision.joined + 1]
        told = {**decision.move.told, "joined": [each.id for each in others] or ""}
        move = replace(decision.move, rung="window", attempts=_afresh(head, "window"), told=told)
        self._mark(tx, one, move, now)
        behind = []
        for each in others:
            crashes = int(each.state == "sending")  # of the sender that has the head's try on its conscience too
            shared = replace(decision.move, spent="", reason=f"in one message with {head.id}", crashes=crashes)
            _check(self._claims.move(tx, lane, each, shared, now))
            behind.append(self._as_sending(lane, each, shared))
        message = head.message if decision.text is None else text_message(decision.text)
        renewed = uses_in(message) and any(entry.get("renew") for entry in self._history(tx, head))
        return Going(self._as_sending(lane, head, move), behind, message, renewed=bool(renewed))

    def _descend(self, tx: Transaction, one: Claimed, why: str, now: float, since: float | None) -> Going | Move:
        """Mark what goes out by a rung of the ladder; what may have arrived and is to be parked leaves no rung.

        What finds no place there waits for one.
        """
        lane, head = one.lane, one.head
        manner, places = self._ways[head.account].manners.of(head.topic), self._places[head.account]
        resting, probing = self._resting(tx, head.account, manner.fallback, now, may_probe=places.has_room())
        step = ladder.step(head, manner, resting, why, now)
        if since is not None and head.on_doubt == "park" and not _may_repeat(head, step, since, now):
            step = Move(
                state="doubtful", reason=f"by {head.rung} it may have arrived, and that can be asked no more"
            )
        if isinstance(step, Move):
            return step
        attempts = _afresh(head, step.rung)
        if not places.take(lane.id):
            why, at = "waits for other calls of its fallback", now + places.wait()
            return Move(state="queued", reason=why, rung=step.rung, attempts=attempts, ready_at=at)
        move = Move(state="sending", reason=step.why, rung=step.rung, attempts=attempts, told={"rung": step.rung})
        self._mark(tx, one, move, now)
        keyed = ladder.is_keyed(step.rung, now if since is None else since, now)
        return Going(self._as_sending(lane, head, move), call=step, keyed=keyed, probing=step.rung in probing)

    def _mark(self, tx: Transaction, one: Claimed, move: Move, now: float) -> None:
        _check(self._claims.move_head(tx, one, move, now))

    def _doubt(self, tx: Transaction, head: Head) -> float | None:
        """Return since when a follow-up on a rung may have arrived, None when it cannot."""
        if head.rung == "window" or not (head.attempts or head.crashes):
            return None
        return ladder.doubt_since(self._history(tx, head))

    def _history(self, tx: Transaction, head: Head) -> Sequence[Mapping[str, Any]]:
        """Return what became of a follow-up in its tries so far, empty when there was none."""
        found = outbox.show(tx, head.account, head.id) if head.attempts or head.crashes else None
        return found.history if found else []

    def _resting(
        self, tx: Transaction, account: str, fallback: Sequence[str], now: float, *, may_probe: bool
    ) -> tuple[dict[str, Gate], set[str]]:
        """Return the closed gates of these rungs, and the rungs whose gate lets this one call through."""
        closed = {gate.interface: gate for gate in gates.resting(tx, account, now) if gate.interface in fallback}
        for gate in gates.closed(tx, account, now):
            if gate.interface == "token" and not may_try(gate, now):  # a try is counted where the token is fetched
                closed |= dict.fromkeys(("template", "subscription"), gate)
        probing = {name for name, gate in closed.items() if may_probe and _lets_through(tx, account, gate, now)}
        return {name: gate for name, gate in closed.items() if name not in probing}, set(probing)

    def _decide(
        self,
        tx: Transaction,
        due: Sequence[Head],
        grants: Sequence[Grant],
        now: float,
        quiet: float,
        *,
        repeats: bool,
    ) -> Decision:
        """Decide on the first of these, and spend its grant; only what is scarce is kept for others."""
        account, openid = due[0].account, due[0].openid
        budget = self._ways[account].budget
        is_scarce = due[0].priority == "normal" and not is_unlimited(sum(grant.left for grant in grants))
        awaited = self._awaited(tx, due[0], grants, now, quiet) if is_scarce else Awaited(quiet_from=quiet)
        decision = decide(due, grants, now, budget, awaited, repeats=repeats)
        if decision.grant and not contacts.spend(tx, account, openid, decision.grant):
            # PostgreSQL: another lane of this user took the last one just now
            return decide(due, [], now, budget, awaited)
        return decision

    def _awaited(
        self, tx: Transaction, first: Head, grants: Sequence[Grant], now: float, quiet_from: float
    ) -> Awaited:
        """Return what else a user is to get: from the outbox, and by publications that are still to be made."""
        account, openid, way = first.account, first.openid, self._ways[first.account]
        budget = way.budget
        end = max((grant.expires_at for grant in grants), default=0)
        soon = first.due_at + budget.ahead
        found = to_come(tx, account, openid, now, until=end, published_until=max(end, soon))
        decisive = [due_at for priority, due_at, _ in found.published if priority == "decisive"]
        normal = [
            due_at
            for priority, due_at, topic in found.published
            if priority == "normal" and due_at <= soon and not _sleeps(way, topic, due_at)
        ]
        keeps = any(0 < grant.left <= budget.keep for grant in grants)
        is_over = keeps and plans.are_over(tx, account, openid, now)
        waiting = [
            due_at for due_at, lane_id in found.decisive if lane_id is None or not self._is_leased(tx, lane_id)
        ]
        return Awaited([*waiting, *decisive], max(normal, default=None), is_over, quiet_from)

    def _is_leased(self, tx: Transaction, lane_id: int) -> bool:
        return lanes.is_leased(tx, lane_id, clock=self._store.lease_clock(tx), boot=self._store.boot)

    def _as_sending(self, lane: Lane, head: Head, move: Move) -> Head:
        """Return a follow-up as this move leaves it."""
        return replace(
            head,
            state="sending",
            spent=move.spent,
            rung=move.rung or head.rung,
            attempts=head.attempts + move.attempts,
            owner=self._store.owner,
            claim=lane.claim,
        )


def _check(is_marked: bool) -> None:
    """Let nothing go out that could not be marked."""
    if not is_marked:
        raise StoreError("another sender has this message")


def _sleeps(way: Way, topic: str, at: float) -> bool:
    """Return whether a normal publication to a topic falls into its quiet hours."""
    return is_quiet(way.manners.of(topic), "normal", "followup", at)


def _afresh(head: Head, rung: str) -> int:
    """Return what to add to the tries so far: each rung has its own."""
    return 0 if head.rung == rung else -head.attempts


def _may_repeat(head: Head, step: Call | Move, since: float, now: float) -> bool:
    """Return whether this step asks the rung that may have it, or waits for that, while the rung knows our key."""
    return step.rung == head.rung and ladder.is_keyed(head.rung, since, now)


def _lets_through(tx: Transaction, account: str, gate: Gate, now: float) -> bool:
    every = probe_seconds(gate.errcode)
    due = gate.probe_at is not None and gate.probe_at <= now and every is not None
    return due and gates.may_probe(tx, account, gate, now, every or 0.0)
