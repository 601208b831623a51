"""The third commit of a message: what became of it, and of all that its answer changes."""

from typing import cast

import structlog

from wxbot.delivery.claims import Claimed, Claims
from wxbot.delivery.manner import Manners
from wxbot.delivery.outcome import Outcome
from wxbot.delivery.receipts import keep_early_receipts
from wxbot.delivery.way import Going
from wxbot.protocol.outgoing import FollowUp, OnClosed, OnDoubt, Priority
from wxbot.store import contacts, counts, gates, media, outbox
from wxbot.store.engine import Transaction
from wxbot.store.gates import Interface
from wxbot.store.lanes import Head, Lane

log = structlog.get_logger(__name__)

_BEFORE = 0.001  # seconds; puts the first part of a split text before the rest, and after all that came earlier


def settle(  # a message's end has so many sides
    tx: Transaction, claims: Claims, one: Claimed, going: Going, result: Outcome, manners: Manners, now: float
) -> None:
    """Commit what became of the message; nothing at all when the lane is no longer ours."""
    head = going.head
    account, openid = head.account, head.openid
    _hold(tx, going, result)
    if not claims.move(tx, one.lane, head, result.move, now):
        log.warning("settled too late", action="settle_stale", followup=head.id)
        return
    for each in going.behind:
        claims.move(tx, one.lane, each, result.move, now)
    if result.give_back:
        contacts.give_back(tx, account, openid, head.spent)
    if result.close_windows:
        contacts.close(tx, account, openid, result.move.errcode)
    media.forget(tx, account, result.dead)
    if result.cancel_rest:
        outbox.cancel_all(tx, account, openid, now, result.cancel_rest)
    if result.gate is not None:
        gates.close(tx, account, result.gate)
    elif result.move.state == "sent":
        _open_again(tx, one, going)
    if result.move.msgid is not None:
        keep_early_receipts(tx, account, openid, result.move.msgid, manners, now)
    if result.before is not None:
        outbox.insert(tx, account, openid, _first_part(one.lane, head, result.before), origin="split", now=now)
    claims.release(tx, one.lane)
    _count(tx, account, result.move.errcode, now)


def changes_user(going: Going, result: Outcome) -> bool:
    """Return whether `settle` changes something of the user: not when a message was taken inside the window."""
    return going.call is not None or result.move.state != "sent"


def _hold(tx: Transaction, going: Going, result: Outcome) -> None:
    """Keep the user as they are, where something of them changes: a receipt that comes now waits, or is found."""
    if changes_user(going, result):
        contacts.hold(tx, going.head.account, going.head.openid)


def _count(tx: Transaction, account: str, errcode: int, now: float) -> None:
    """Count what the platform answered, so that the console can tell it before the message comes to an end."""
    if errcode:
        counts.add(tx, account, now, f"errcode:{errcode}")


def _open_again(tx: Transaction, one: Claimed, going: Going) -> None:
    """Open the gate that the message went through to try it: its own, since a rung says nothing of the others."""
    if going.call is None and one.probing:
        gates.open_again(tx, going.head.account, "send")
    if going.call is not None and going.probing:
        gates.open_again(tx, going.head.account, cast(Interface, going.call.rung))


def _first_part(lane: Lane, head: Head, message: str) -> FollowUp:
    """Return the first part of a split text: all that was wanted of the whole is wanted of it."""
    return FollowUp(
        message=message,
        due_at=head.due_at - _BEFORE,
        not_after=head.not_after,
        on_closed=cast(OnClosed, head.on_closed),
        priority=cast(Priority, head.priority),
        on_doubt=cast(OnDoubt, head.on_doubt),
        topic=head.topic,
        facts=head.facts,
        lane=lane.lane,
    )
