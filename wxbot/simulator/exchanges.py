"""Every HTTP exchange in both directions, as it happened, with tokens and secrets masked.

Only the newest are kept, in memory, for the page and for tests that look at exact bytes. Beside the
list lies what was sent, unmasked, for those who want to send it once more (`curl`, `saved_test`).
"""

import re
import threading
from collections import deque
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from wxbot.errors import NotFound
from wxbot.simulator.checks import Check

_KEPT = 500  # exchanges
_SHOWN = 8_192  # characters of each body
_SENDABLE = 65_536  # bytes of a body that is kept to be sent once more
_SECRETS = re.compile(r"""((?:access_token|secret|appsecret)["']?\s*[=:]\s*["']?)([\w\-]{1,600})""")
_TEXTS = ("path", "request", "response", "request_plain", "response_plain")


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it left, nothing masked or cut; `plain` and `answer` are a push's and its answer's inside."""

    url: str
    body: bytes
    content_type: str = ""
    plain: bytes = b""
    answer: bytes | None = None  # None: nothing that the platform could use


@dataclass(slots=True)
class Exchange:
    """One request and its answer; `status` 0 means that no answer came or none was given."""

    direction: Literal["to_bot", "to_platform"]
    method: str
    path: str
    at: float  # simulated Unix seconds
    status: int = 0
    ms: int = 0
    request: str = ""
    response: str = ""
    request_plain: str = ""  # what was inside `Encrypt`, when something was
    response_plain: str = ""
    note: str = ""  # the fault played, or why the answer was of no use
    n: int = 0
    kind: str = ""  # of a push: its message or event type
    openid: str = ""  # of a push: whose
    push: int = 0  # the same in all deliveries of one push; 0 for all else
    attempt: int = 0  # of a push: 1 for the first delivery
    checks: list[Check] = field(default_factory=list)
    is_cut: bool = False  # a body is longer than what is shown
    sent: Sent | None = field(default=None, repr=False)

    def shown(self) -> dict[str, Any]:
        """Return everything but what was sent, whose tokens are whole."""
        seen = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "sent"}
        return {**seen, "checks": [asdict(check) for check in self.checks]}


class Exchanges:
    """The newest exchanges, numbered from 1; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: deque[Exchange] = deque(maxlen=_KEPT)
        self._count = 0

    def add(self, exchange: Exchange) -> None:
        """Keep one exchange, masked and shortened."""
        for name in _TEXTS:
            text = getattr(exchange, name)
            exchange.is_cut = exchange.is_cut or len(text) > _SHOWN
            setattr(exchange, name, masked(text[:_SHOWN]))
        if exchange.sent is not None and len(exchange.sent.body) > _SENDABLE:
            exchange.sent = None
        with self._lock:
            self._count += 1
            exchange.n = self._count
            self._kept.append(exchange)

    def after(self, number: int) -> list[dict[str, Any]]:
        """Return the exchanges numbered above `number`, oldest first."""
        with self._lock:
            return [exchange.shown() for exchange in self._kept if exchange.n > number]

    def oldest(self) -> int:
        """Return the number of the oldest exchange kept, or of the next one when none is."""
        with self._lock:
            return self._kept[0].n if self._kept else self._count + 1

    def sent(self, number: int) -> tuple[Exchange, Sent]:
        """Return one exchange and what was sent in it; raises NotFound when it is not kept."""
        with self._lock:
            found = next((one for one in self._kept if one.n == number), None)
        if found is None or found.sent is None:
            raise NotFound(f"exchange {number} is not kept to be sent again: it is too old, or its body too long")
        return found, found.sent

    def clear(self) -> None:
        """Forget them all; the numbers go on, so a page that polls misses nothing."""
        with self._lock:
            self._kept.clear()


def masked(text: str) -> str:
    """Return `text` with tokens and secrets cut to their first six characters, enough to tell them apart."""
    return _SECRETS.sub(lambda found: f"{found[1]}{found[2][:6]}***", text)
