"""One follow-up in a line: what it says, its state, and why."""

import json
from dataclasses import dataclass

from wxbot.protocol.outgoing import text_of
from wxbot.protocol.reaction import meaning
from wxbot.store.outbox import StoredFollowUp
from wxbot.web.console.reasons import reason
from wxbot.web.console.words import language

_TITLES = ("title", "head_content", "media_id", "musicurl")


@dataclass(frozen=True, slots=True)
class Line:
    """A follow-up as a page shows it; `by` is the person who wrote it, "" for none."""

    id: int
    openid: str
    kind: str
    text: str
    state: str
    why: str
    due_at: float
    at: float
    priority: str
    origin: str
    by: str
    topic: str


def line_of(one: StoredFollowUp, now: float) -> Line:
    """Return a follow-up in the page's language."""
    kind, text = content_of(one.message)
    origin, _, by = one.origin.partition(":")
    state = "due" if one.state in ("scheduled", "queued") and one.due_at <= now else one.state
    return Line(
        one.id, one.openid, kind, text, state, why(one), one.due_at, one.changed_at, one.priority, origin, by,
        one.topic or "",
    )  # fmt: skip


def content_of(message: str) -> tuple[str, str]:
    """Return the msgtype of a stored message and what it says."""
    if (text := text_of(message)) is not None:
        return "text", text
    stored = json.loads(message)
    kind = str(stored["msgtype"])
    inner = stored[kind]["articles"][0] if kind == "news" else stored[kind]
    return kind, next((str(inner[name]) for name in _TITLES if inner.get(name)), "")


def why(one: StoredFollowUp) -> str:
    """Return the reason of its state, an errcode with its meaning."""
    if one.errcode and one.state in ("refused", "held", "queued"):
        known = meaning(one.errcode)
        return f"{one.errcode} {known.zh if language() == 'zh' else known.en}"
    return reason(one.reason)
