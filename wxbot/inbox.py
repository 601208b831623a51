"""Accept a push exactly once: its grants, its effects and its reply go to disk together.

The handler runs before the transaction, so nothing of it happens when the commit fails, and a
copy of the push handled at the same moment elsewhere loses at the unique key and answers with
the winner's bytes. A handler that needs longer than the webhook may wait is handed off: the push
is stored with a lease, `success` is answered, and the reply goes out as a follow-up.
Source: docs/platform.md §1.6.
"""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace

import structlog

from wxbot.clock import Clock
from wxbot.delivery import queue
from wxbot.errors import BadSignature, MalformedPush, StoreError, Unanswered
from wxbot.protocol.content import Content
from wxbot.protocol.events import UnsubscribeEvent
from wxbot.protocol.inbound import read
from wxbot.protocol.messages import Push
from wxbot.protocol.replies import NO_REPLY, passive_and_rest, reply_xml
from wxbot.protocol.window import Right, granted
from wxbot.reply.context import SESSION_LIFE, Context
from wxbot.reply.deadline import Answer, Answering
from wxbot.store import contacts, outbox, pushes
from wxbot.store.engine import Store, Transaction

log = structlog.get_logger(__name__)

AFTER_REPLY = 1.0  # seconds a follow-up waits so that the passive reply arrives before it
TWIN_WAIT = 4.2  # seconds a redelivery waits for the first delivery's answer; the platform hangs up at 5
HANDED_OFF_LEASE = 20.0  # seconds; renewed while the handler runs


@dataclass(frozen=True, slots=True)
class Delivery:
    """One verified POST: the typed push, its plaintext, and the signature when it must not be reused."""

    account: str
    push: Push
    body: bytes
    signature: str = ""


Seal = Callable[[bytes], bytes]  # makes reply XML into the bytes to answer with (encrypted or not)


class Inbox:
    """One account's way in. Thread-safe; `rights` is what each kind of push grants."""

    def __init__(self, store: Store, clock: Clock, answering: Answering, rights: Mapping[str, Right]) -> None:
        self._store, self._clock, self._answering, self._rights = store, clock, answering, rights
        self._running: dict[tuple[str, str], Future[bytes]] = {}
        self._lock = threading.Lock()
        self._keeper = Keeper(store)

    def accept(self, delivery: Delivery, seal: Seal) -> bytes:
        """Return the bytes to answer; when it returns, everything is on disk.

        A repeat gets the first answer's bytes. Raises StoreError when nothing could be stored,
        and BadSignature when the signature was used for another push before.
        """
        key = (delivery.account, delivery.push.key)
        mine: Future[bytes] = Future()
        with self._lock:
            first = self._running.setdefault(key, mine)
        if first is not mine:
            return self._wait_for_twin(first)
        try:
            mine.set_result(self._accept_first(delivery, seal))
        except Exception as exc:
            mine.set_exception(exc)
            raise
        finally:
            with self._lock:
                del self._running[key]
        return mine.result()

    def _wait_for_twin(self, first: "Future[bytes]") -> bytes:
        try:
            return first.result(TWIN_WAIT)
        except TimeoutError:
            raise StoreError("the first delivery of this push is still being stored") from None

    def _accept_first(self, delivery: Delivery, seal: Seal) -> bytes:
        known = self._store.read(lambda tx: pushes.reply_to(tx, delivery.account, delivery.push.key))
        if known is not None:
            return known
        ctx = self._context(delivery)
        answering = self._answering.start(delivery.push, ctx)
        try:
            answer = answering.result(self._answering.budget)
        except TimeoutError:
            return self._hand_off(delivery, answering)
        return self._commit(delivery, answer, seal)

    def _context(self, delivery: Delivery) -> Context:
        account, openid, now = delivery.account, delivery.push.openid, self._clock.now()

        def load() -> str:
            return self._store.read(lambda tx: contacts.session(tx, account, openid, now))

        return Context(account, openid, now, load)

    def _commit(self, delivery: Delivery, answer: Answer, seal: Seal) -> bytes:
        """Store the push with all it causes, and return what to answer."""
        now = self._clock.now()
        passive, rest = passive_and_rest(answer.reply, delivery.push)
        reply = NO_REPLY if passive is None else seal(reply_xml(passive, delivery.push, int(now)))
        arrival = self._arrival(delivery, now, reply=reply, state="failed" if answer.error else "answered")
        arrival = replace(arrival, error=answer.error)

        def work(tx: Transaction) -> bytes:
            push_id = self._insert(tx, delivery, arrival)
            if push_id is None:
                return pushes.reply_to(tx, delivery.account, delivery.push.key) or NO_REPLY
            ready_at = now + AFTER_REPLY if passive is not None else now
            self._keep_contact(tx, delivery, now, ready_at)
            self._keep_effects(tx, delivery, answer, rest, push_id, ready_at)
            return reply

        return self._store.write(work)
