"""The rungs of the fallback ladder at work: one call, and what its answer means for the follow-up.

A rung that refuses leaves it to the next one. Where a rung knows our key, doubt is no doubt: the call
is made again.
"""

from dataclasses import replace
from typing import cast

from wxbot.delivery import outcome
from wxbot.delivery.ladder import Call
from wxbot.delivery.manner import Manner
from wxbot.delivery.outcome import Outcome
from wxbot.errors import Refused, SendFailed, Unanswered
from wxbot.platform.notices import Notices
from wxbot.platform.webhook import Webhook
from wxbot.protocol.backoff import delay
from wxbot.protocol.reaction import Reaction, meaning
from wxbot.store.gates import Interface
from wxbot.store.lanes import Head, Move

# Seconds between the tries of a webhook, about a day in all; each is spread by a fifth to both sides.
WEBHOOK_WAITS = (5, 60, 300, 1800, 7200, 14_400, 21_600, 36_000)
_CLOSING = (Reaction.WAIT_MINUTE, Reaction.WAIT_DAY, Reaction.ACCOUNT_STOP, Reaction.TOKEN)
_TRY_LATER = (408, 429)  # of the 4xx, those that are no refusal


class Rungs:
    """An account's calls beside the window."""

    def __init__(self, notices: Notices, webhook: Webhook | None) -> None:
        self._notices, self._webhook = notices, webhook

    def send(self, call: Call, now: float) -> Outcome | int:
        """Make the call; return the outcome of one that was taken, or the HTTP status of one that was not.

        Raises Refused, Unanswered or NoToken.
        """
        told = {"rung": call.rung}
        match call.rung:
            case "template":
                return Outcome(move=Move(state="sent", msgid=self._notices.template(call.body), told=told))
            case "subscription":
                return Outcome(move=Move(state="sent", msgid=self._notices.subscription(call.body), told=told))
        if self._webhook is None:  # its settings were checked when they were read
            raise LookupError("a rung is a webhook, and the account has none")
        status = self._webhook.post(call.key, call.body, now)
        success = Outcome(move=Move(state="sent", told={**told, "status": status}))
        return success if 200 <= status < 300 else status


def refused_by_webhook(status: int, head: Head, manner: Manner, now: float, jitter: float) -> Outcome:
    """Return what an HTTP status that is no success means: most of the 4xx are a no, the rest may pass."""
    told = {"rung": head.rung, "status": status}
    if 400 <= status < 500 and status not in _TRY_LATER:
        return _next(head, manner, Move(state="", reason=f"HTTP {status}", told=told), now)
    return _later(f"HTTP {status}", head, manner, told, now, jitter)


def failed(exc: SendFailed, head: Head, manner: Manner, *, keyed: bool, now: float, jitter: float) -> Outcome:
    """Return what a call that did not succeed means; `keyed` when it may be made again without doubling."""
    told: dict[str, object] = {"rung": head.rung}
    if isinstance(exc, Refused):
        return _refused(exc, head, manner, now, jitter)
    if isinstance(exc, Unanswered) and exc.delivered_maybe:
        told["doubt"] = True
    if isinstance(exc, Unanswered) and head.rung == "webhook":
        return _later(str(exc), head, manner, told, now, jitter)
    result = outcome.failed(exc, replace(head, on_doubt="resend") if keyed else head, now, jitter)
    return replace(result, give_back=False, move=replace(result.move, told=told))


def _refused(exc: Refused, head: Head, manner: Manner, now: float, jitter: float) -> Outcome:
    found = meaning(exc.errcode)
    why = f"{exc.errcode} {found.zh}"
    said = Move(state="queued", reason=why, errcode=exc.errcode, rid=exc.rid, told={"rung": head.rung})
    if found.reaction in _CLOSING:
        return Outcome(move=said, gate=outcome.gate(exc, found, now, jitter, interface=cast(Interface, head.rung)))
    if found.attempts and head.attempts + 1 < found.attempts:
        return Outcome(move=replace(said, attempts=1, ready_at=now + delay(head.attempts + 1, jitter)))
    return _next(head, manner, said, now)


def _later(why: str, head: Head, manner: Manner, told: dict[str, object], now: float, jitter: float) -> Outcome:
    """A webhook is tried again after growing waits; what else waits for the user passes by meanwhile."""
    if head.attempts >= len(WEBHOOK_WAITS):
        return _next(head, manner, Move(state="", reason=f"{why}, for about a day", told=told), now)
    at = now + WEBHOOK_WAITS[head.attempts] * (0.8 + 0.4 * jitter)
    return Outcome(move=Move(state="queued", reason=why, attempts=1, ready_at=at, due_at=at, told=told))


def _next(head: Head, manner: Manner, said: Move, now: float) -> Outcome:
    """Leave it to the next rung; held when there is none."""
    below = manner.below(head.rung)
    reason = f"{head.rung}: {said.reason}" + ("" if below else "; no rung is left")
    state, rung = ("queued", below) if below else ("held", "window")
    move = replace(said, state=state, reason=reason, rung=rung, ready_at=now, attempts=-head.attempts)
    return Outcome(move=move)
