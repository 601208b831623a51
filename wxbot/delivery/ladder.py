"""The fallback ladder: what is tried when the window is closed to a follow-up with on_closed = template. Pure.

Its rungs are those of its topic, in their order. A rung that cannot do it, or is refused, leaves it to
the next one; when none is left, the follow-up is held until the user is back. Times are Unix seconds.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wxbot.delivery.manner import Manner, Rung
from wxbot.protocol.notice import subscription_body, template_body
from wxbot.protocol.outgoing import dumps, text_of
from wxbot.store.gates import Gate
from wxbot.store.lanes import Head, Move

LONGEST_WAIT = 120.0  # seconds; a gate that is closed for longer is not waited for
KEY_LIFE = 570.0  # seconds; the platform knows a client_msg_id for 600, and a call takes its time


@dataclass(frozen=True, slots=True)
class Call:
    """What a rung is asked to send, under a key that is the same in each try; `why` is for the history."""

    rung: Rung
    key: str
    body: bytes
    why: str


def step(head: Head, manner: Manner, resting: Mapping[str, Gate], why: str, now: float) -> Call | Move:
    """Return what the first rung does that can, from the one where a follow-up stands, or what becomes of it.

    `resting` has the rungs whose gates are closed, `why` says why the window does not serve.
    """
    passed = [why] if manner.fallback else [why, "no fallback is set for its topic"]
    values = values_of(head, manner)
    for rung in _from(head.rung, manner):
        gate = resting.get(rung)
        if gate is not None and gate.until - now <= LONGEST_WAIT:
            reason = f"{rung} rests: {gate.reason}"
            return Move(state="queued", reason=reason, rung=rung, ready_at=gate.until, told={"rung": rung})
        unfit = f"it rests: {gate.reason}" if gate else _unfit(rung, manner, values)
        if not unfit:
            return Call(rung, key_of(head), _body(rung, head, manner, values, now), "; ".join(passed))
        passed.append(f"{rung}: {unfit}")
    return Move(state="held", reason="; ".join(passed), rung="window", attempts=-head.attempts)


def key_of(head: Head) -> str:
    """Return what tells a follow-up from all others of this database, in each try and on each rung."""
    return f"wxbot-{head.id}"


def _from(rung: str, manner: Manner) -> tuple[Rung, ...]:
    fallback = manner.fallback
    return fallback[fallback.index(rung) :] if rung in fallback else fallback


def values_of(head: Head, manner: Manner) -> dict[str, str]:
    """Return what stands for each {{name}}: the facts, and text, topic and due where the facts have none."""
    text = text_of(head.message)
    known = {"due": f"{datetime.fromtimestamp(head.due_at, manner.zone):%m-%d %H:%M}"}
    known |= {"text": text} if text is not None else {}
    known |= {"topic": head.topic} if head.topic is not None else {}
    return {**known, **json.loads(head.facts)}


def _unfit(rung: Rung, manner: Manner, values: Mapping[str, str]) -> str:
    missing = [] if rung == "webhook" else manner.notices[rung].missing(values)
    return f"no value for {', '.join(f'{{{{{name}}}}}' for name in missing)}" if missing else ""


def _body(rung: Rung, head: Head, manner: Manner, values: Mapping[str, str], now: float) -> bytes:
    match rung:
        case "template":
            return template_body(head.openid, manner.notices[rung], values, key_of(head))
        case "subscription":
            return subscription_body(head.openid, manner.notices[rung], values)
        case "webhook":
            return _webhook_body(head, now)


def _webhook_body(head: Head, now: float) -> bytes:
    names = ("account", "openid", "id", "key", "topic", "priority", "due_at", "not_after")
    parts = {"message": json.loads(head.message), "text": text_of(head.message), "facts": json.loads(head.facts)}
    event = {
        "type": "followup.unreachable",
        "timestamp": f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%SZ}",
        "data": {**{name: getattr(head, name) for name in names}, **parts},
    }
    return dumps(event).encode()


def is_keyed(rung: str, since: float, now: float) -> bool:
    """Return whether what may have arrived at `since` can be sent again without arriving twice.

    A webhook's receiver knows its id for good, the platform a template message's for ten minutes.
    """
    return rung == "webhook" or (rung == "template" and now - since < KEY_LIFE)


def doubt_since(history: Sequence[Mapping[str, Any]]) -> float | None:
    """Return when the first try was made, since it was last held, that may have arrived; None for none.

    A try that is still going on is one: this is for whoever finds its sender gone.
    """
    since: float | None = None
    tried = 0.0
    for entry in history:
        if entry["state"] == "held":
            since = None
        elif entry["state"] == "sending":
            tried = entry["at"]
        elif entry.get("doubt") and since is None:
            since = tried
    return tried if since is None and history[-1]["state"] == "sending" else since
