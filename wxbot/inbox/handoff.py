"""Pushes whose handler needs longer than the webhook may wait, or whose process died at it.

Such a push lies in the store as `handed_off` under a lease. Whoever holds the lease finishes it:
one transaction marks it answered and puts the reply into the outbox. When the lease runs out, the
process is gone, and another runs the handler again.
"""

import threading
import time
from collections.abc import Mapping

import structlog

from wxbot.clock import Clock
from wxbot.delivery import plans
from wxbot.errors import InvalidMessage, StoreError
from wxbot.inbox.commit import Delivery, as_follow_ups, as_handled, keep_effects, keep_plans
from wxbot.inbox.typing import Typing
from wxbot.platform.media import Media
from wxbot.protocol.content import MAX_TEXT, Content, Text, split_text
from wxbot.protocol.inbound import read
from wxbot.protocol.messages import Push
from wxbot.protocol.outgoing import FollowUp
from wxbot.reply.context import Context
from wxbot.reply.deadline import Answer, Answering
from wxbot.store import contacts, counts, pushes
from wxbot.store.engine import Store, Transaction

log = structlog.get_logger(__name__)

LEASE = 12.0  # seconds; how long a user waits longer when the process that handles their push is killed
MAX_TRIES = 2  # processes that may end while they handle a push again; then it is given up with the apology
_RENEW_EVERY = 3.0  # seconds


class HandOff:
    """This process's handed-off pushes. Thread-safe."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        answering: Answering,
        typing: Mapping[str, Typing] | None = None,
        media: Mapping[str, Media] | None = None,
    ) -> None:
        """Take the typing state of the accounts that show it, and each account's way for files."""
        self._store, self._clock, self._answering = store, clock, answering
        self._typing, self._media = typing or {}, media or {}
        self._held: set[int] = set()
        self._lock = threading.Lock()
        self._keeper: threading.Thread | None = None

    def context(self, account: str, openid: str, now: float, session: str | None = None) -> Context:
        """Return a handler's context; plans, and a session (JSON) not given, are read only if it asks for them."""
        read = self._store.read

        def load() -> str:
            return (
                read(lambda tx: contacts.standing(tx, account, openid, now)).session if session is None else session
            )

        return Context(
            account,
            openid,
            now,
            load,
            lambda topic: read(lambda tx: plans.planned(tx, account, topic)),
            shelf=self._media.get(account),
        )

    def hold(self, push_id: int, account: str, push: Push) -> None:
        """Renew this push's lease from now on, until it is finished; its user sees that an answer is coming."""
        with self._lock:
            self._held.add(push_id)
            if self._keeper is None:
                self._keeper = threading.Thread(target=self._keep, name="lease-keeper", daemon=True)
                self._keeper.start()
        if account in self._typing:
            self._typing[account].begin(push_id, push)

    def finish(self, push_id: int, delivery: Delivery, answer: Answer) -> None:
        """Commit a late answer: once, and only while the push is ours."""
        try:
            follow_ups, error = self._late(answer)
            if delivery.account in self._typing:
                self._typing[delivery.account].end(push_id, answered=bool(follow_ups))
            done = self._store.write(lambda tx: self._finish(tx, push_id, delivery, answer, follow_ups, error))
            log.info("push finished", action="push_finished", push=push_id, ours=done, failed=bool(error))
            if done:
                self._answering.tell(as_handled(delivery, answer.reply, self._clock.now(), error))
        except Exception:  # its lease ends, and it is handled again, a bounded number of times
            log.exception("late answer not stored", action="push_unfinished", push=push_id)
        finally:
            with self._lock:
                self._held.discard(push_id)

    def recover(self, account: str) -> bool:
        """Handle one push whose process is gone; return whether there was one. Blocks while its handler runs."""
        adopted = self._store.write(lambda tx: self._adopt(tx, account))
        if adopted is None:
            return False
        log.warning("taking over a push", action="push_adopted", account=account, push=adopted.id)
        push = read(adopted.body)
        self.hold(adopted.id, account, push)
        ctx = self.context(account, push.openid, adopted.received_at)
        if adopted.tries > MAX_TRIES:
            answer = self._answering.give_up(f"{MAX_TRIES} processes ended while they handled it")
        else:
            answer = self._answering.answer(push, ctx)
        self.finish(adopted.id, Delivery(account, push, adopted.body), answer)
        return True

    def _adopt(self, tx: Transaction, account: str) -> pushes.Adopted | None:
        clock = self._store.lease_clock(tx)
        store = self._store
        return pushes.adopt(tx, account, owner=store.owner, boot=store.boot, clock=clock, lease_until=clock + LEASE)

    def _late(self, answer: Answer) -> tuple[list[FollowUp], str]:
        """Return the reply and the effects as follow-ups, with the error to keep."""
        try:
            said = as_follow_ups(_parts(answer.reply), self._clock.now())
        except InvalidMessage as exc:
            log.warning("late reply cannot be sent", action="late_reply_lost", why=str(exc))
            return list(answer.follow_ups), answer.error or f"the reply came too late to be passive: {exc}"
        return [*said, *answer.follow_ups], answer.error

    def _finish(
        self,
        tx: Transaction,
        push_id: int,
        delivery: Delivery,
        answer: Answer,
        follow_ups: list[FollowUp],
        error: str,
    ) -> bool:
        state = "failed" if error else "answered"
        if not pushes.finish(tx, push_id, self._store.owner, state=state, error=error):
            return False
        keep_plans(tx, delivery.account, answer, self._clock.now())
        keep_effects(tx, delivery, push_id, follow_ups, answer, now=self._clock.now())
        if error:
            counts.add(tx, delivery.account, self._clock.now(), "failed")
        return True

    def _keep(self) -> None:
        while True:
            time.sleep(_RENEW_EVERY)
            with self._lock:
                held = list(self._held)
            if held:
                self._renew(held)

    def _renew(self, held: list[int]) -> None:
        def work(tx: Transaction) -> None:
            until = self._store.lease_clock(tx) + LEASE
            for push_id in held:
                pushes.renew(tx, push_id, self._store.owner, until)

        try:
            self._store.write(work)
        except StoreError:
            log.exception("leases not renewed", action="lease_unrenewed")


def _parts(reply: Content | None) -> list[Content]:
    if isinstance(reply, Text):
        return [Text(part) for part in split_text(reply.content, MAX_TEXT)]
    return [] if reply is None else [reply]
