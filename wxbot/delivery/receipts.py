"""The platform tells what became of a template message or a notification: the follow-up hears of it.

One that was not delivered goes on to the next rung of its topic's fallback ladder. The platform may tell
before its answer to the call is settled: either finds the other, as both hold the user first.
Source: docs/platform.md §2.3, §9.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from wxbot.delivery.manner import Manners, Rung
from wxbot.errors import MalformedPush
from wxbot.protocol.inbound import read
from wxbot.protocol.messages import Push
from wxbot.protocol.report_events import SubscribeMsgSentEvent, TemplateSendJobFinishEvent
from wxbot.store import pushes, receipts
from wxbot.store.engine import Transaction

_LARGEST = 2**63 - 1  # what the store can hold
_EARLY = 600.0  # seconds between a call and the settle of its repeat: the platform knows our key for so long


def keep_receipts(tx: Transaction, account: str, push: Push, manners: Manners, now: float) -> None:
    """Store what an event says of follow-ups; any other push changes nothing."""
    for outcome in _outcomes(push):
        _keep(tx, account, push.openid, outcome, manners, now)


def keep_early_receipts(
    tx: Transaction, account: str, openid: str, msgid: int, manners: Manners, now: float
) -> None:
    """Keep what the platform said of a message before its msgid was known here; the caller holds the user."""
    for body in pushes.latest(tx, account, openid, since=now - _EARLY):
        try:
            push = read(body)
        except MalformedPush:
            continue
        for outcome in _outcomes(push):
            if outcome.msgid == msgid:
                _keep(tx, account, openid, outcome, manners, now)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a message, in the platform's words."""

    rung: Rung
    msgid: int
    delivered: bool
    told: str


def _outcomes(push: Push) -> Iterator[_Outcome]:
    """Yield what a push tells of messages; what can be no msgid of ours is left out."""
    if isinstance(push, TemplateSendJobFinishEvent) and _is_msgid(push.MsgID):
        yield _Outcome("template", int(push.MsgID), push.succeeded, push.Status[:100])
    if isinstance(push, SubscribeMsgSentEvent):
        for one in push.results:
            if _is_msgid(one.MsgID):
                told = f"{one.ErrorCode} {one.ErrorStatus}"[:100]
                yield _Outcome("subscription", int(one.MsgID), one.ErrorCode == "0", told)


def _is_msgid(text: str) -> bool:
    return text.isascii() and text.isdecimal() and int(text) <= _LARGEST


def _keep(tx: Transaction, account: str, openid: str, outcome: _Outcome, manners: Manners, now: float) -> None:
    for one in receipts.of_msgid(tx, account, openid, outcome.msgid, outcome.rung):
        _note(tx, one, manners, outcome, now)


def _note(tx: Transaction, one: receipts.Told, manners: Manners, outcome: _Outcome, now: float) -> None:
    told = outcome.told
    if outcome.delivered:
        receipts.note(tx, one, now, "sent", one.rung, "the platform says it was delivered", told)
        return
    below = manners.of(one.topic).below(one.rung)
    why = f"{one.rung}: not delivered: {told}" + ("" if below else "; no rung is left")
    receipts.note(tx, one, now, "queued" if below else "held", below or "window", why, told)
