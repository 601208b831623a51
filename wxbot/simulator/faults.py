"""Faults played on calls to the platform, to see what a bot does with them.

Three families. Instead of an answer: `errcode`, `hang`, `reset`, `http502`, `html`, `empty`,
`nothing`, `huge`, `gzip_bomb`; the call is not carried out. Spoilt answers: `delay`, `truncated`,
`drip`, `charset`; the call is carried out and the true answer suffers. `accept_then_` before one
of the first family carries the call out and then gives that. `token_killed` ends every token and
lets the call meet the result. `undelivered` takes a template message or a notification that never
reaches the phone: the event that follows says so, with `status`. Waiting here is real time, never simulated time.
"""

import random
import threading
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from wxbot.errors import SettingsError

INSTEAD = frozenset({"errcode", "hang", "reset", "http502", "html", "empty", "nothing", "huge", "gzip_bomb"})
SPOILT = frozenset({"delay", "truncated", "drip", "charset"})
ACCEPT_THEN = "accept_then_"
UNDELIVERED = "undelivered"


@dataclass(slots=True)
class Fault:
    """One fault: where (`*` matches any part of the path), what, and how often."""

    path: str
    kind: str
    times: int | None = None  # calls it strikes; None: no end
    rate: float = 1.0  # share of matching calls it strikes
    errcode: int = -1  # for kind `errcode`
    seconds: float = 0.0  # for `delay`; for `hang`, the longest wait (0: 60)
    status: str = "failed:user block"  # for `undelivered`

    def __post_init__(self) -> None:
        effect = self.kind.removeprefix(ACCEPT_THEN)
        known = INSTEAD if self.is_accepting else INSTEAD | SPOILT | {"token_killed", UNDELIVERED}
        if effect not in known:
            raise SettingsError(f"fault kind {self.kind!r} is unknown; known: {', '.join(sorted(known))}")

    @property
    def is_accepting(self) -> bool:
        """Whether the call is carried out although no usable answer follows."""
        return self.kind.startswith(ACCEPT_THEN)

    @property
    def effect(self) -> str:
        """What happens to the answer."""
        return self.kind.removeprefix(ACCEPT_THEN)

    @property
    def replaces(self) -> bool:
        """Whether the call is not carried out at all."""
        return self.kind in INSTEAD


class Faults:
    """The faults waiting to strike, in the order they were set; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self._dice = random.Random(2026)

    def set(self, fault: Fault) -> None:
        """Add one fault behind those already waiting."""
        with self._lock:
            self._waiting.append(fault)

    def strike(self, path: str) -> Fault | None:
        """Return the first fault that strikes this call, counted down, or None."""
        with self._lock:
            for fault in self._waiting:
                if fnmatchcase(path, fault.path) and self._dice.random() < fault.rate:
                    if fault.times is not None:
                        fault.times -= 1
                        if fault.times <= 0:
                            self._waiting.remove(fault)
                    return fault
        return None

    def waiting(self) -> list[dict[str, Any]]:
        """Return what is still to come."""
        with self._lock:
            return [asdict(fault) for fault in self._waiting]

    def clear(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._waiting.clear()
