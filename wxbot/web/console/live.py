"""The parts of pages that keep themselves new: asked for again every few seconds, made once for all who ask.

Open tabs must not cost the webhook anything, and both run in one process: what one tab was shown is shown to
the next for two seconds, and a tab that has it already gets 304 and no body. Who loads a page gets it new.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import blake2b

from flask import Response, request
from markupsafe import Markup

FRESH = 2.0  # seconds
_KEPT = 30.0  # seconds for which a part nobody asks for is kept
_MOST = 500  # parts, before those are looked for
TAG = "HX-PTag"  # htmx sends back what it was given


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of HTML, what tells it from another, and what it was made of if that is known."""

    html: str
    tag: str
    made_at: float
    mark: object = None


class Live:
    """The parts made last, by what they show and to whom. Thread-safe."""

    def __init__(self) -> None:
        self._parts: dict[tuple[str, ...], Part] = {}
        self._lock = threading.Lock()

    def part(
        self,
        key: tuple[str, ...],
        make: Callable[[], str],
        *,
        fresh: float = FRESH,
        look: Callable[[], object] | None = None,
    ) -> Part:
        """Return a part: for an open tab one no older than `fresh` seconds, for who loads the page a new one.

        `look` tells cheaply what the part is made of: while that is the same, the part is. Two who ask for
        a missing one at the same moment may both make it.
        """
        now = time.monotonic()
        with self._lock:
            there = self._parts.get(key)
        if there and is_wanted() and now - there.made_at < fresh:
            return there
        mark = look() if look else None
        if there and is_wanted() and mark is not None and mark == there.mark:
            made = replace(there, made_at=now)
        else:
            html = make()
            made = Part(html, blake2b(html.encode(), digest_size=12).hexdigest(), now, mark)
        with self._lock:
            self._parts[key] = made
            if len(self._parts) > _MOST:
                self._parts = {one: part for one, part in self._parts.items() if now - part.made_at < _KEPT}
        return made

    def forget(self) -> None:
        """Make everything anew: somebody has just changed something, and wants to see it."""
        with self._lock:
            self._parts.clear()


def is_wanted() -> bool:
    """Return whether a page asks for its live part alone."""
    return "HX-Request" in request.headers


def answer(part: Part) -> Response:
    """Answer with a part, or with 304 when the page shows it already."""
    if request.headers.get(TAG) == part.tag:
        return Response(status=304, headers={TAG: part.tag})
    return Response(part.html, content_type="text/html; charset=utf-8", headers={TAG: part.tag})


def markup(part: Part) -> Markup:
    """Return a part as it stands in a page; it was made by a template, and escaped there."""
    return Markup(part.html)
