"""One account's way in: run the handler, commit everything, return the bytes to answer.

The handler runs before the transaction, so that nothing of it happens when the commit fails; a
copy of the push handled elsewhere at the same moment loses at the unique key and answers with the
winner's bytes. Source: docs/platform.md §1.6.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

import structlog

from wxbot.clock import Clock
from wxbot.errors import StoreError
from wxbot.inbox.commit import (
    Delivery,
    Terms,
    as_follow_ups,
    as_handled,
    at_once,
    bind_signature,
    is_for_agent,
    keep_effects,
    keep_plans,
    keep_push,
    owed_to,
)
from wxbot.inbox.handoff import LEASE, HandOff
from wxbot.inbox.returning import Return, keep, returning
from wxbot.protocol.events import TAPS
from wxbot.protocol.messages import Message
from wxbot.protocol.outgoing import FollowUp
from wxbot.protocol.replies import NO_REPLY, passive_and_rest, reply_xml
from wxbot.reply.deadline import Answer, Answering
from wxbot.store import pushes
from wxbot.store.engine import Store, Transaction
from wxbot.store.pushes import Arrival

log = structlog.get_logger(__name__)

AFTER_REPLY = 1.0  # seconds a follow-up waits so that the passive reply is there before it
_OF_A_TALK = (Message, *TAPS)
TWIN_WAIT = 4.2  # seconds a redelivery waits for the first one's answer; the platform hangs up at 5


class _Repeated(Exception):
    """Ends a transaction whose push was stored by somebody else in the meantime."""


Seal = Callable[[bytes], bytes]  # makes the reply XML into the bytes to answer with


class Inbox:
    """Thread-safe. `terms` are what the account's pushes bring by themselves."""

    def __init__(self, store: Store, clock: Clock, answering: Answering, hand_off: HandOff, terms: Terms) -> None:
        self._store, self._clock, self._answering = store, clock, answering
        self._hand_off, self._terms = hand_off, terms
        self._running: dict[tuple[str, str], Future[bytes]] = {}
        self._lock = threading.Lock()

    def accept(self, delivery: Delivery, seal: Seal) -> bytes:
        """Return the bytes to answer; by then everything is on disk. A repeat gets the first answer's bytes.

        Raises StoreError when it could not be stored, and BadSignature when the signature was used
        for another push before; in both cases nothing changed.
        """
        key = (delivery.account, delivery.key)
        mine: Future[bytes] = Future()
        with self._lock:
            first = self._running.setdefault(key, mine)
        if first is not mine:
            return self._repeated(delivery, _wait_for(first))
        try:
            mine.set_result(self._accept_first(delivery, seal))
        except BaseException as exc:
            mine.set_exception(exc)
            raise
        finally:
            with self._lock:
                del self._running[key]
        return mine.result()

    def _accept_first(self, delivery: Delivery, seal: Seal) -> bytes:
        began = self._clock.monotonic()
        account, push = delivery.account, delivery.push
        now = self._clock.now()
        known, standing = self._store.read_one(lambda tx: pushes.known(tx, account, delivery.key, push.openid, now))
        if known is not None:
            log.info("repeat", action="push_repeated", account=account, openid=push.openid)
            return self._repeated(delivery, known)
        session = None
        if isinstance(push, _OF_A_TALK):  # other events begin no talk, and go on with none
            session = standing.session
            if is_for_agent(standing.agent_since, self._terms, now):
                log.info("silent", action="push_left_to_agent", account=account, openid=push.openid)
                return self._commit(delivery, Answer(None), seal, now, began)
        handling = self._answering.start(push, self._hand_off.context(account, push.openid, now, session))
        try:
            answer = handling.result(self._answering.budget)
        except TimeoutError:
            return self._give_away(delivery, handling, now, began)
        return self._commit(delivery, answer, seal, now, began)

    def _repeated(self, delivery: Delivery, reply: bytes) -> bytes:
        """Return the first answer once nobody who overheard this can send another body under its signature.

        Where that cannot be stored, the user's answer is worth more.
        """
        if delivery.signature:
            now = self._clock.now()
            try:
                self._store.write(lambda tx: bind_signature(tx, delivery, now))
            except StoreError:
                log.exception("signature not kept", action="signature_unkept", account=delivery.account)
        return reply

    def _commit(self, delivery: Delivery, answer: Answer, seal: Seal, now: float, began: float) -> bytes:
        """Store the push with all it causes, and return what to answer."""
        passive, rest = passive_and_rest(answer.reply, delivery.push)
        leaving = {topic for topic, wanted in answer.subscriptions.items() if not wanted}

        def work(tx: Transaction) -> bytes:
            keep_plans(tx, delivery.account, answer, now)
            owed = owed_to(tx, delivery.account, delivery.push)
            shown, behind = at_once(tx, delivery.account, passive, now)
            back = (
                returning(tx, delivery.account, delivery.push, shown, now, leaving) if owed.waits else Return(shown)
            )
            ready_at = now if back.reply is None else now + AFTER_REPLY
            said = [
                *as_follow_ups([*behind, *rest], ready_at),
                *(_not_before(ready_at, one) for one in answer.follow_ups),
            ]
            reply = NO_REPLY if back.reply is None else seal(reply_xml(back.reply, delivery.push, int(now)))
            state = "failed" if answer.error else "answered"
            arrival = self._arrival(delivery, now, began, state=state, reply=reply, error=answer.error)
            keep(tx, delivery.account, back, now)
            push_id = keep_push(tx, delivery, arrival, self._terms, owed, ready_at=ready_at)
            if push_id is None:
                raise _Repeated
            keep_effects(tx, delivery, push_id, said, answer, now=now)
            return reply

        try:
            reply = self._store.write(work)
        except _Repeated:  # another process was quicker, and nothing of ours was kept
            known = self._store.read(lambda tx: pushes.reply_to(tx, delivery.account, delivery.key))
            return self._repeated(delivery, NO_REPLY if known is None else known)
        self._answering.tell(as_handled(delivery, answer.reply, now, answer.error))
        return reply

    def _give_away(self, delivery: Delivery, handling: "Future[Answer]", now: float, began: float) -> bytes:
        """Store the push as handed off; its handler goes on and its answer will be a follow-up."""
        store = self._store

        def work(tx: Transaction) -> tuple[int | None, bytes]:
            lease_until = store.lease_clock(tx) + LEASE
            owned = {"owner": store.owner, "boot": store.boot, "lease_until": lease_until}
            arrival = self._arrival(delivery, now, began, state="handed_off", reply=NO_REPLY, **owned)
            owed = owed_to(tx, delivery.account, delivery.push)
            push_id = keep_push(tx, delivery, arrival, self._terms, owed, ready_at=now)
            reply = pushes.reply_to(tx, delivery.account, delivery.key)
            return push_id, NO_REPLY if reply is None else reply

        push_id, reply = store.write(work)
        if push_id is not None:
            log.info("handed off", action="push_handed_off", account=delivery.account, push=push_id)
            self._answering.tell(as_handled(delivery, None, now, state="handed_off"))
            self._hand_off.hold(push_id, delivery.account, delivery.push)
            handling.add_done_callback(lambda done: self._hand_off.finish(push_id, delivery, done.result()))
        return reply

    def _arrival(self, delivery: Delivery, now: float, began: float, **rest: object) -> Arrival:
        push = delivery.push
        rest["took"] = self._clock.monotonic() - began
        return Arrival(delivery.account, delivery.key, push.openid, now, delivery.body, **rest)  # type: ignore[arg-type]


def _not_before(ready_at: float, follow_up: FollowUp) -> FollowUp:
    late = follow_up.not_after is not None and follow_up.not_after <= ready_at
    return follow_up if late else replace(follow_up, due_at=max(follow_up.due_at, ready_at))


def _wait_for(first: "Future[bytes]") -> bytes:
    try:
        return first.result(TWIN_WAIT)
    except TimeoutError:
        raise StoreError("the first delivery of this push is still being stored") from None
