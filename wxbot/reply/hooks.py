"""What other code may hear of: pushes once they are handled, and follow-ups once they have changed.

Each is told after it is on disk, in the process where it happened, by a thread of its own: no push waits for a
hook, and no fault of a hook reaches anybody. What a process had not told when it was killed is told to nobody.
"""

import atexit
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import structlog

from wxbot.protocol.content import Content
from wxbot.protocol.messages import Push

log = structlog.get_logger(__name__)

_MOST = 10_000  # that wait to be told; what comes on top is dropped
_LAST_WORDS = 2.0  # seconds that a process which ends goes on telling
_WARN_EVERY = 60.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class PushHandled:
    """A push and what was said to it; `at` is Unix seconds, `error` the traceback of a handler that raised.

    One that was handed off is told twice: when it is, and when its handler has ended.
    """

    account: str
    openid: str
    at: float
    push: Push
    said: Content | None
    state: Literal["answered", "handed_off", "failed"]
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpChanged:
    """A follow-up that a sender has done something with; `message` is JSON of the customer-service interface."""

    account: str
    openid: str
    at: float
    id: int
    state: str  # sent | queued (to be tried again) | held | refused | doubtful | expired
    why: str
    errcode: int
    message: str
    topic: str | None


@dataclass(slots=True)
class Hooks:
    """Functions that want to hear."""

    push: list[Callable[[PushHandled], Any]] = field(default_factory=list)
    follow_up: list[Callable[[FollowUpChanged], Any]] = field(default_factory=list)


class Telling:
    """One process's telling. Thread-safe; `tell` never waits and never raises."""

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks
        self._waiting: queue.Queue[PushHandled | FollowUpChanged] = queue.Queue(_MOST)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._warned_at = 0.0

    def tell(self, what: PushHandled | FollowUpChanged) -> None:
        """Tell those who want to hear of it, soon."""
        if not self._wanted(what):
            return
        try:
            self._waiting.put_nowait(what)
        except queue.Full:
            self._warn()
        if self._thread is None:
            self._start()

    def _wanted(self, what: PushHandled | FollowUpChanged) -> Sequence[Callable[[Any], Any]]:
        return self._hooks.push if isinstance(what, PushHandled) else self._hooks.follow_up

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:  # not before the fork: the first to tell starts it
                self._thread = threading.Thread(target=self._run, name="hooks", daemon=True)
                self._thread.start()
                atexit.register(self._end)

    def _run(self) -> None:
        while True:
            what = self._waiting.get()
            for hook in self._wanted(what):
                try:
                    hook(what)
                except Exception:
                    log.exception(
                        "hook failed", action="hook_failed", hook=getattr(hook, "__qualname__", repr(hook))
                    )
            self._waiting.task_done()

    def _end(self) -> None:
        end = time.monotonic() + _LAST_WORDS
        while self._waiting.unfinished_tasks and time.monotonic() < end:
            time.sleep(0.01)

    def _warn(self) -> None:
        now = time.monotonic()
        if now - self._warned_at > _WARN_EVERY:
            self._warned_at = now
            log.warning("hooks are too slow: not all is told", action="hooks_behind", waiting=_MOST)
