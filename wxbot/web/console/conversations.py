"""Conversations: who can still be answered and until when, the soonest first; or who was heard of last."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wxbot.store import contacts, outbox
from wxbot.store import conversations as kept
from wxbot.store.contacts import Contact
from wxbot.store.engine import Transaction
from wxbot.web.console import live, told
from wxbot.web.console.room import Room, page_for, who
from wxbot.web.console.told import Told
from wxbot.web.console.words import language

_PAGE = 50
_MOST_FOUND = 100
_FRESH = 5.0  # seconds: 50 rows take 10 ms to make, and the webhook waits meanwhile


@dataclass(frozen=True, slots=True)
class Row:
    """One conversation in the list; `until` is 0.0 while nothing may be sent."""

    openid: str
    last_at: float
    last: Told
    subscribed: bool
    left: int
    until: float
    waiting: int
    remark: str
    agent: str  # who speaks with them now, "" for nobody


def conversations(room: Room) -> Blueprint:
    """Return the list, and the first page."""
    blueprint = Blueprint("conversations", __name__)

    @blueprint.get("/")
    @page_for("agent")
    def home() -> Response:
        account = next((name for name in room.readers if who().sees(name)), None)
        return redirect(url_for("conversations.listed", account=account or abort(403)))

    @blueprint.get("/<account>/conversations")
    @page_for("agent")
    def listed(account: str) -> Response | str:
        q, order = request.args.get("q", "").strip()[:200], request.args.get("order", "closing")
        after = _place(request.args.get("after", ""))
        key = ("conversations", language(), account, q, order, str(after))
        part = room.live.part(key, lambda: _list_part(room, account, q, order, after), fresh=_FRESH)
        if live.is_wanted():
            return live.answer(part)
        return render_template("conversations.html", part=live.markup(part), tag=part.tag, q=q, order=order)

    return blueprint


def _place(text: str) -> tuple[float, str] | None:
    """Return where a page of a list begins: `moment~openid`; None for the first page."""
    at, _, openid = text.partition("~")
    try:
        return float(at), openid
    except ValueError:
        return None


def _list_part(room: Room, account: str, q: str, order: str, after: tuple[float, str] | None) -> str:
    now = room.now
    rows = room.store.read(lambda tx: _rows(tx, account, q, order, after, now))
    more = _behind(rows[_PAGE - 1], order) if len(rows) > _PAGE and not q else ""
    return render_template(
        "conversations_part.html", rows=rows[: _MOST_FOUND if q else _PAGE], more=more, q=q, order=order
    )


def _behind(row: Row, order: str) -> str:
    return f"{row.last_at if order == 'recent' else row.until}~{row.openid}"


def _rows(
    tx: Transaction, account: str, q: str, order: str, after: tuple[float, str] | None, now: float
) -> list[Row]:
    """Return a page of conversations and one more, if there is one."""
    found: Sequence[Contact]
    if q:
        named = (contacts.show(tx, account, openid) for openid in kept.search(tx, account, q, _MOST_FOUND))
        found = [one for one in named if one]
    elif order == "recent":
        found = kept.recent(tx, account, _PAGE + 1, *([after] if after else []))
    elif after:
        found = kept.closing(tx, account, now, _PAGE + 1, after)
    else:
        soon = kept.just_acted(tx, account, now, _PAGE)
        known = {one.openid for one in soon}
        found = [*soon, *(one for one in kept.closing(tx, account, now, _PAGE + 1) if one.openid not in known)]
        found.sort(key=lambda one: _until(one, now))
    last = kept.last_pushes(tx, account, [one.openid for one in found])
    return [_row(tx, account, one, last, now) for one in found]


def _until(one: Contact, now: float) -> float:
    return max((grant.expires_at for grant in one.open_grants(now)), default=0.0)


def _row(tx: Transaction, account: str, one: Contact, last: dict[str, bytes], now: float) -> Row:
    body = last.get(one.openid)
    waits = sum(count for count, _ in outbox.waiting(tx, account, one.openid).values())
    left = sum(grant.left for grant in one.open_grants(now))
    said = told.push(body) if body else Told("nothing")
    until = _until(one, now)
    return Row(one.openid, one.last_at, said, one.subscribed, left, until, waits, one.remark, one.agent)
