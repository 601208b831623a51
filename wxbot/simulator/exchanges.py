"""Every HTTP exchange in both directions, as it happened, with tokens and secrets masked.

Only the newest are kept, in memory, for the page and for tests that look at exact bytes.
"""

import re
import threading
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any, Literal

_KEPT = 500  # exchanges
_SHOWN = 8_192  # characters of each body
_SECRETS = re.compile(r"""((?:access_token|secret|appsecret)["']?\s*[=:]\s*["']?)([\w\-]{1,600})""")


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


class Exchanges:
    """The newest exchanges, numbered from 1; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: deque[Exchange] = deque(maxlen=_KEPT)
        self._count = 0

    def add(self, exchange: Exchange) -> None:
        """Keep one exchange, masked and shortened."""
        for name in ("path", "request", "response", "request_plain", "response_plain"):
            setattr(exchange, name, masked(getattr(exchange, name)[:_SHOWN]))
        with self._lock:
            self._count += 1
            exchange.n = self._count
            self._kept.append(exchange)

    def after(self, number: int) -> list[dict[str, Any]]:
        """Return the exchanges numbered above `number`, oldest first."""
        with self._lock:
            return [asdict(exchange) for exchange in self._kept if exchange.n > number]

    def clear(self) -> None:
        """Forget them all; the numbers go on, so a page that polls misses nothing."""
        with self._lock:
            self._kept.clear()


def masked(text: str) -> str:
    """Return `text` with tokens and secrets cut to their first six characters, enough to tell them apart."""
    return _SECRETS.sub(lambda found: f"{found[1]}{found[2][:6]}***", text)
