"""What a person does to follow-ups from a page: done, noted and said."""

from collections.abc import Sequence

from flask import flash, request

from wxbot.delivery import acts
from wxbot.delivery.acts import ACTS, FITTING, Act
from wxbot.store import audit, outbox
from wxbot.store.engine import Transaction
from wxbot.store.outbox import StoredFollowUp
from wxbot.web.console.forms import number
from wxbot.web.console.room import Room, who
from wxbot.web.console.words import say

_MOST = 100  # at once; for more there are errands


def fitting(one: StoredFollowUp, now: float) -> list[Act]:
    """Return what may be done to a follow-up now."""
    may = FITTING.get(one.state, ())
    return [act for act in may if act != "send_now" or one.due_at > now]


def wanted() -> tuple[Act, list[int]] | None:
    """Return what the form asks for and for which: a button's own follow-up, or those that are selected."""
    form = request.form
    for act in ACTS:
        if act in form:
            return act, _numbers(form.getlist(act)[:1])
        if form.get("selected") == act:
            return act, _numbers(form.getlist("id"))
    return None


def _numbers(texts: Sequence[str]) -> list[int]:
    return sorted({id for text in texts if (id := number(text)) is not None})[:_MOST]


def do(room: Room, account: str, act: Act, ids: Sequence[int]) -> None:
    """Do this to each of these follow-ups that allows it, and say to how many."""
    now, name = room.now, who().name

    def work(tx: Transaction) -> int:
        return sum(_do_one(tx, account, act, id, name, now) for id in ids)

    done = room.store.write(work)
    room.live.forget()
    if done:
        flash(_done(act, done))
    if done < len(ids):
        flash(say("{count} stayed as they were: on their way out, or over.", count=len(ids) - done))


def _do_one(tx: Transaction, account: str, act: Act, id: int, name: str, now: float) -> bool:
    found = outbox.show(tx, account, id)
    if found is None:
        return False
    outbox.hold_lanes(tx, account, found.openid)
    if not acts.do(tx, account, id, act, name=name, now=now):
        return False
    audit.note(tx, name, act, now, account=account, openid=found.openid or None, target=str(id))
    return True


def _done(act: Act, count: int) -> str:
    match act:
        case "retry":
            return say("Queued again: {count}.", count=count)
        case "cancel":
            return say("Cancelled: {count}.", count=count)
        case "send_now":
            return say("On their way now: {count}.", count=count)
