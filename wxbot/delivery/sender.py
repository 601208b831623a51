"""The sender: claim lanes that have something due, send one message of each, settle what became of it.

Three commits a message: the claim (shared by many lanes), `sending` right before the bytes leave,
and the settle, which gives the lane back. Each names the owner and the claim number it expects.
A sender that dies or loses its lease leaves at most one message in doubt for each thread.
"""

import random
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import cast

import structlog

from wxbot.background import Repeating
from wxbot.clock import Clock
from wxbot.delivery import outcome
from wxbot.delivery.budget import Awaited, Budget, Decision, decide
from wxbot.delivery.claims import Claimed, Claims
from wxbot.delivery.outcome import Outcome
from wxbot.errors import SendFailed, StoreError
from wxbot.platform.client import Client
from wxbot.protocol.outgoing import FollowUp, OnClosed, OnDoubt, Priority, text_message
from wxbot.store import contacts, gates, lanes, outbox
from wxbot.store.engine import Store, Transaction
from wxbot.store.lanes import Head, Lane, Move

log = structlog.get_logger(__name__)

_MOST_JOINED = 20  # follow-ups that may go out as one message
_MARGIN = 2.0  # seconds between the longest call and the end of the lease
_BEFORE = 0.001  # seconds; puts the first part of a split text before the rest, and after all that came earlier


@dataclass(frozen=True, slots=True)
class Pace:
    """How many at once and how patiently. Times are seconds."""

    threads: int
    lease: float
    request_limit: float
    poll: float


@dataclass(frozen=True, slots=True)
class Way:
    """An account's way out: its calls, its messages a second, and how it spends its allowance."""

    client: Client
    rate: float
    budget: Budget


@dataclass(frozen=True, slots=True)
class _Going:
    """A message on its way: the follow-up it is for, and those behind it that go out in it."""

    head: Head
    behind: Sequence[Head]
    message: str


class Sender:
    """Sends what is due, for every account. `run` blocks until `stop`; several may run anywhere."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ways: Mapping[str, Way],
        pace: Pace,
        *,
        beside: Sequence[Repeating] = (),
    ) -> None:
        """Take each account's way out, and what repeats in this process while it runs."""
        self._store, self._clock, self._ways, self._pace = store, clock, ways, pace
        self._beside = beside
        self._claims = Claims(store, pace.lease)
        self._share = max(1, pace.threads // max(1, len(ways)))  # of the threads, so that no account holds all
        self._busy = dict.fromkeys(ways, 0)
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False

    def run(self) -> None:
        """Send until `stop` is called; returns when what was begun is settled."""
        log.info("sender runs", action="sender_started", store=self._store.about, accounts=list(self._ways))
        for each in self._beside:
            each.start()
        with ThreadPoolExecutor(self._pace.threads, thread_name_prefix="send") as pool:
            while not self._stopping:
                self._wake.clear()
                claimed = [one for account in self._ways for one in self._try_claim(account)]
                for one in claimed:
                    pool.submit(self._deliver, one)
                if not claimed:
                    self._wake.wait(self._pace.poll)

    def stop(self) -> None:
        """Claim nothing more; what is being sent is finished. May be called from a signal handler."""
        self._stopping = True
        for each in self._beside:
            each.stop()
        self._wake.set()

    def _try_claim(self, account: str) -> list[Claimed]:
        with self._lock:
            free = self._share - self._busy[account]
        try:
            now = self._clock.now()
            if free == 0 or not self._store.read(lambda tx: self._claims.anything_due(tx, account, now)):
                return []
            claimed = self._store.write(
                lambda tx: self._claims.claim(tx, account, free, now, self._ways[account].rate)
            )
        except StoreError:
            log.exception("claim failed", action="claim_failed", account=account)
            return []
        with self._lock:
            self._busy[account] += len(claimed)
        return claimed

    def _deliver(self, one: Claimed) -> None:
        try:
            begun = self._clock.monotonic()
            going = self._store.write(lambda tx: self._begin(tx, one))
            if going is not None:
                result = self._send(going, begun)
                self._store.write(lambda tx: self._settle(tx, one, going, result))
                _report(going, result)
        except StoreError:  # the lease ends by itself, and the message is found as it was left
            log.exception("not settled", action="settle_failed", followup=one.head.id)
        except Exception:
            log.exception("sender thread failed", action="sender_failed", followup=one.head.id)
        finally:
            with self._lock:
                self._busy[one.head.account] -= 1
            self._wake.set()

    def _begin(self, tx: Transaction, one: Claimed) -> _Going | None:
        """Decide, and commit `sending` with its grant spent; None when there is nothing to send."""
        lane, head, now = one.lane, one.head, self._clock.now()
        contacts.hold(tx, head.account, head.openid)  # a push takes the user before the lanes: so do we
        if not lanes.extend(tx, lane, self._claims.lease(tx)):
            return None
        due = lanes.due(tx, lane, now, _MOST_JOINED)
        if not due or due[0] != head:  # something earlier has come in, or an operator changed it
            self._claims.move(tx, lane, head, Move(state="queued"), now)
            lanes.release(tx, lane, self._store.owner)
            return None
        decision = self._decide(tx, due, now)
        if decision.grant is None:
            self._claims.move(tx, lane, head, decision.move, now)
            lanes.release(tx, lane, self._store.owner)
            log.info("follow-up", action=f"followup_{decision.move.state}", followup=head.id, account=head.account)
            return None
        together = due[: decision.joined + 1]
        shared = replace(decision.move, spent="", reason=f"in one message with {head.id}")
        for each in together:
            self._claims.move(tx, lane, each, decision.move if each == head else shared, now)
        message = head.message if decision.text is None else text_message(decision.text)
        behind = [self._as_sending(lane, each, "") for each in together[1:]]
        return _Going(self._as_sending(lane, head, decision.move.spent), behind, message)

    def _decide(self, tx: Transaction, due: Sequence[Head], now: float) -> Decision:
        """Decide on the first of these, and spend its grant."""
        account, openid = due[0].account, due[0].openid
        grants = contacts.grants(tx, account, openid)
        until = max((grant.expires_at for grant in grants), default=0)
        awaited = Awaited(*outbox.decisive(tx, account, openid, now, until))
        budget = self._ways[account].budget
        decision = decide(due, grants, now, budget, awaited)
        if decision.grant and not contacts.spend(tx, account, openid, decision.grant):
            return decide(
                due, [], now, budget, awaited
            )  # PostgreSQL: another lane of this user took the last one just now
        return decision

    def _as_sending(self, lane: Lane, head: Head, spent: str) -> Head:
        return replace(head, state="sending", spent=spent, owner=self._store.owner, claim=lane.claim)

    def _send(self, going: _Going, begun: float) -> Outcome:
        """Make the call, unless a pause has eaten so much of the lease that it might outlive it."""
        head = going.head
        if self._clock.monotonic() - begun > self._pace.lease - 2 * self._pace.request_limit - _MARGIN:
            return Outcome(move=Move(state="queued", reason="too little of the lease was left"), give_back=True)
        try:
            self._ways[head.account].client.send(head.openid, going.message)
        except SendFailed as exc:
            result = outcome.failed(exc, head, self._clock.now(), random.random())
            return outcome.apart(result) if going.behind else result
        return outcome.sent()

    def _settle(self, tx: Transaction, one: Claimed, going: _Going, result: Outcome) -> None:
        """Commit what became of the message; nothing at all when the lane is no longer ours."""
        head, now = going.head, self._clock.now()
        account, openid = head.account, head.openid
        if not self._claims.move(tx, one.lane, head, result.move, now):
            log.warning("settled too late", action="settle_stale", followup=head.id)
            return
        for each in going.behind:
            self._claims.move(tx, one.lane, each, result.move, now)
        if result.give_back:
            contacts.give_back(tx, account, openid, head.spent)
        if result.close_windows:
            contacts.close(tx, account, openid, result.move.errcode)
        if result.cancel_rest:
            outbox.cancel_all(tx, account, openid, now, result.cancel_rest)
        if result.gate is not None:
            gates.close(tx, account, result.gate)
        elif one.probing and result.move.state == "sent":
            gates.open_again(tx, account, "send")
        if result.before is not None:
            outbox.insert(tx, account, openid, _first_part(one.lane, head, result.before), origin="split", now=now)
        lanes.release(tx, one.lane, self._store.owner)


def _first_part(lane: Lane, head: Head, message: str) -> FollowUp:
    """Return the first part of a split text: all that was wanted of the whole is wanted of it."""
    return FollowUp(
        message=message,
        due_at=head.due_at - _BEFORE,
        not_after=head.not_after,
        on_closed=cast(OnClosed, head.on_closed),
        priority=cast(Priority, head.priority),
        on_doubt=cast(OnDoubt, head.on_doubt),
        lane=lane.lane,
    )


def _report(going: _Going, result: Outcome) -> None:
    log.info(
        "follow-up",
        action=f"followup_{result.move.state}",
        followup=going.head.id,
        joined=[each.id for each in going.behind],
        account=going.head.account,
        errcode=result.move.errcode,
    )
