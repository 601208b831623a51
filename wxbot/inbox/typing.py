"""「对方正在输入」: the typing state, shown by itself while a handed-off handler works on its answer.

An ornament: calls are made by a thread of its own, one at a time, and whatever they come to changes nothing
else. Nothing is shown where the platform would refuse it. Source: docs/platform.md §5.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Self

import structlog

from wxbot.clock import Clock
from wxbot.errors import Refused, SendFailed
from wxbot.platform.client import Client
from wxbot.protocol.messages import Push
from wxbot.protocol.reaction import Reaction, meaning
from wxbot.store import contacts, gates
from wxbot.store.engine import Store, Transaction

log = structlog.get_logger(__name__)

_AGAIN = 15.5  # seconds: the platform shows it for 15, and refuses it again in that time (45081)
_EXCHANGED = 29.0  # seconds after what the user did; from 30 on the platform refuses it (45080)
_REST = 3600.0  # seconds without a call, once the platform said that this account may not


@dataclass(slots=True)
class _Answering:
    """A user who waits: shown again at `at`, no more from `until` on (Unix seconds)."""

    openid: str
    at: float
    until: float
    was_shown: bool = False


class Typing:
    """One account's. Thread-safe; `begin` and `end` never wait for the platform."""

    def __init__(self, store: Store, clock: Clock, client: Callable[[], Client], account: str) -> None:
        """Take what makes the account's client, which is asked once it is needed."""
        self._store, self._clock, self._make, self._account = store, clock, client, account
        self._client: Client | None = None
        self._answering: dict[int, _Answering] = {}
        self._to_cancel: list[str] = []
        self._resting_until = 0.0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Make the calls in a thread of its own, from the first on that is wanted, and return it all."""
        self._thread = threading.Thread(target=self._run, name="typing", daemon=True)
        return self

    def begin(self, push_id: int, push: Push) -> None:
        """Show the user of a push that an answer is being made, until `end`."""
        with self._changed:
            self._answering[push_id] = _Answering(push.openid, self._clock.now(), push.CreateTime + _EXCHANGED)
            if self._thread is not None and self._thread.ident is None:
                self._thread.start()
            self._changed.notify()

    def end(self, push_id: int, *, answered: bool) -> None:
        """Show it no longer. A message ends it on the phone as well; where none comes, that is asked for."""
        with self._changed:
            one = self._answering.pop(push_id, None)
            if one is not None and one.was_shown and not answered:
                self._to_cancel.append(one.openid)
                self._changed.notify()

    def step(self) -> float | None:
        """Make the calls that are due; return in how many seconds more are, None when none will be."""
        with self._changed:
            cancelling, self._to_cancel = self._to_cancel, []
            now = self._clock.now()
            self._answering = {id: one for id, one in self._answering.items() if now < one.until}
            due = [(id, one) for id, one in self._answering.items() if one.at <= now]
        for openid in cancelling:
            self._call(openid, "CancelTyping")
        for id, one in due:
            self._show(id, one, now)
        with self._changed:
            later = [one.at - self._clock.now() for one in self._answering.values()]
            return 0.0 if self._to_cancel else max(min(later), 0.0) if later else None

    def _show(self, id: int, one: _Answering, now: float) -> None:
        one.at = now + _AGAIN
        if not self._may_show(one.openid, now) or not self._call(one.openid, "Typing"):
            with self._changed:
                self._answering.pop(id, None)
            return
        one.was_shown = True
        if id not in self._answering:  # the answer came meanwhile, and may have been there before our call
            self._call(one.openid, "CancelTyping")

    def _may_show(self, openid: str, now: float) -> bool:
        def allowed(tx: Transaction) -> bool:
            open_now = any(grant.is_open(now) for grant in contacts.grants(tx, self._account, openid))
            return open_now and not gates.closed(tx, self._account, now)

        return now >= self._resting_until and self._store.read(allowed)

    def _call(self, openid: str, command: Literal["Typing", "CancelTyping"]) -> bool:
        """Return whether the platform took it."""
        try:
            self._client = self._client or self._make()
            self._client.typing(openid, command)
        except SendFailed as exc:
            if isinstance(exc, Refused) and meaning(exc.errcode).reaction is Reaction.ACCOUNT_STOP:
                self._resting_until = self._clock.now() + _REST
            log.info("not shown", action="typing_refused", account=self._account, openid=openid, why=str(exc))
            return False
        return True

    def _run(self) -> None:
        while True:
            try:
                wait = self.step()
            except Exception:  # an ornament must end nothing, not even itself
                log.exception("typing failed", action="typing_failed", account=self._account)
                wait = _AGAIN
            with self._changed:
                if not self._to_cancel and not any(one.at <= self._clock.now() for one in self._answering.values()):
                    self._changed.wait(wait)
