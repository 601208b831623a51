"""The platform tells what became of a template message or a notification: the follow-up hears of it.

One that was not delivered goes on to the next rung of its topic's fallback ladder.
Source: docs/platform.md §2.3, §9.
"""

from collections.abc import Iterator

from wxbot.delivery.manner import Manners
from wxbot.protocol.events import SubscribeMsgSentEvent, TemplateSendJobFinishEvent
from wxbot.protocol.messages import Push
from wxbot.store import receipts
from wxbot.store.engine import Transaction

_LARGEST = 2**63 - 1  # what the store can hold


def keep_receipts(tx: Transaction, account: str, push: Push, manners: Manners, now: float) -> None:
    """Store what an event says of follow-ups; any other push changes nothing."""
    rung = "template" if isinstance(push, TemplateSendJobFinishEvent) else "subscription"
    for msgid, delivered, told in _outcomes(push):
        if not (msgid.isascii() and msgid.isdecimal() and int(msgid) <= _LARGEST):
            continue
        for one in receipts.of_msgid(tx, account, push.openid, int(msgid), rung):
            _note(tx, one, manners, delivered=delivered, told=told, now=now)


def _outcomes(push: Push) -> Iterator[tuple[str, bool, str]]:
    """Yield msgid, whether it was delivered, and the platform's words."""
    if isinstance(push, TemplateSendJobFinishEvent):
        yield push.MsgID, push.succeeded, push.Status[:100]
    if isinstance(push, SubscribeMsgSentEvent):
        for msgid, errcode, status in push.results:
            yield msgid, errcode == "0", f"{errcode} {status}"[:100]


def _note(tx: Transaction, one: receipts.Told, manners: Manners, *, delivered: bool, told: str, now: float) -> None:
    if delivered:
        receipts.note(tx, one, now, "sent", one.rung, "the platform says it was delivered", told)
        return
    below = manners.of(one.topic).below(one.rung)
    why = f"{one.rung}: not delivered: {told}" + ("" if below else "; no rung is left")
    receipts.note(tx, one, now, "queued" if below else "held", below or "window", why, told)
