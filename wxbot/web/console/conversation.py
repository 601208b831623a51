"""One conversation as it went, what is to come, and a box to answer in that says what an answer costs."""

import heapq
from dataclasses import dataclass
from uuid import uuid4

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wxbot.delivery import agent
from wxbot.delivery.agent import Allowance, NotNow
from wxbot.delivery.explain_user import explain_contact
from wxbot.errors import InvalidMessage, NotFound
from wxbot.protocol.content import MAX_TEXT
from wxbot.protocol.envelope import Reader
from wxbot.protocol.reaction import meaning
from wxbot.store import audit, contacts, gates
from wxbot.store import conversations as kept
from wxbot.store.conversations import KeptPush
from wxbot.store.engine import Transaction
from wxbot.store.outbox import StoredFollowUp
from wxbot.web.console import live, told
from wxbot.web.console.follow_ups import Line, line_of
from wxbot.web.console.room import Room, page_for, who
from wxbot.web.console.told import Told
from wxbot.web.console.words import language, say

_PAGE = 50  # entries


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a conversation, by when it happened: a push, the reply to it, or a follow-up."""

    at: float
    side: str  # user | reply | sent
    told: Told
    number: int  # of two at one moment the lower came first
    push: KeptPush | None = None
    line: Line | None = None


def conversation(room: Room) -> Blueprint:
    """Return the page."""
    blueprint = Blueprint("conversation", __name__)

    @blueprint.get("/<account>/conversations/<openid>")
    @page_for("agent")
    def shown(account: str, openid: str) -> Response | str:
        before = _moment(request.args.get("before", ""))
        key = ("conversation", language(), account, openid, str(before))
        part = room.live.part(
            key,
            lambda: _timeline_part(room, account, openid, before),
            fresh=0.0,
            look=lambda: _mark(room, account, openid),
        )
        if live.is_wanted():
            return live.answer(part)
        return _conversation(part, openid)

    @blueprint.post("/<account>/conversations/<openid>")
    @page_for("agent")
    def answer(account: str, openid: str) -> Response | tuple[str, int]:
        text, nonce = request.form.get("text", "").replace("\r\n", "\n"), request.form.get("nonce", "")[:64]
        now, name = room.now, who().name

        def work(tx: Transaction) -> None:
            queued = agent.answer(tx, account, openid, text, name=name, key=f"agent:{nonce}", now=now)
            if queued.is_new:
                audit.note(tx, name, "answer", now, account=account, openid=openid, target=str(queued.id))

        try:
            room.store.write(work)
        except NotFound:
            abort(404)
        except InvalidMessage as exc:
            part = live.Part(_timeline_part(room, account, openid, None), "", 0.0)
            return _conversation(part, openid, text=text, problem=_refusal(exc, text)), 422
        room.live.forget()
        return redirect(url_for("conversation.shown", account=account, openid=openid) + "#now", 303)

    return blueprint


def _conversation(part: live.Part, openid: str, *, text: str = "", problem: object = "") -> str:
    return render_template(
        "conversation.html",
        part=live.markup(part),
        tag=part.tag,
        openid=openid,
        text=text,
        problem=problem,
        nonce=uuid4().hex,
        most=MAX_TEXT,
    )


def _moment(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _mark(room: Room, account: str, openid: str) -> object:
    """Return what a conversation is made of: it is looked at every few seconds, and rarely another."""
    now = room.now

    mark = room.store.read_one(lambda tx: kept.mark(tx, account, openid))
    closed = room.store.read_one(lambda tx: [gate.reason for gate in gates.closed(tx, account, now)])
    return mark, closed, int(now // 60)  # what is left of a window is told in minutes


def _timeline_part(room: Room, account: str, openid: str, before: float | None) -> str:
    now, reader = room.now, room.readers[account]
    end = float("inf") if before is None else before

    def look(tx: Transaction) -> str:
        contact = contacts.show(tx, account, openid)
        if contact is None:
            abort(404)
        pushes = kept.pushes(tx, account, openid, end, _PAGE + 1)
        settled = kept.settled(tx, account, openid, end, _PAGE + 1)
        entries = [_said(one) for one in pushes]
        entries += [entry for one in pushes if (entry := _answered(one, reader))]
        entries += [_followed(one, now) for one in settled]
        newest = heapq.nlargest(_PAGE, entries, key=_order)
        has_more = len(entries) > len(newest)
        return render_template(
            "conversation_part.html",
            contact=contact,
            entries=sorted(newest, key=_order),
            earlier=newest[-1].at if has_more else None,
            is_newest=before is None,
            waiting=[line_of(one, now) for one in kept.waiting(tx, account, openid, _PAGE)],
            story=explain_contact(tx, account, contact, now),
            may=_allowed(agent.allowance(tx, account, openid, now)),
        )

    return room.store.read(look)


def _order(one: Entry) -> tuple[float, int]:
    return one.at, one.number


def _said(one: KeptPush) -> Entry:
    return Entry(one.received_at, "user", told.push(one.body), one.id, push=one)


def _answered(one: KeptPush, reader: Reader) -> Entry | None:
    said = told.reply(one.reply, reader)
    return Entry(one.received_at + 0.001, "reply", said, one.id) if said else None


def _followed(one: StoredFollowUp, now: float) -> Entry:
    line = line_of(one, now)
    return Entry(one.changed_at, "sent", Told(line.kind, line.text), one.id, line=line)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a person may send, with the reason in the page's language when they may not."""

    left: int
    until: float
    why: str


def _allowed(may: Allowance) -> Allowed:
    return Allowed(may.left, may.until, str(_why(may)) if may.closed_by else "")


def _why(may: Allowance) -> object:
    match may.closed_by:
        case "unfollowed":
            return say("They unfollowed: nothing may be sent until they follow again.")
        case "gate":
            return say("The account rests: {reason}", reason=may.detail)
        case "refused":
            known = meaning(int(may.detail))
            text = known.zh if language() == "zh" else known.en
            return say("The platform refused the last one ({errcode} {meaning}): they have to write again.",
                       errcode=may.detail, meaning=text)  # fmt: skip
        case _:
            return say("The window is closed: they have to write again.")


def _refusal(exc: InvalidMessage, text: str) -> object:
    if isinstance(exc, NotNow):
        return _why(exc.may)
    if not text.strip():
        return say("There is nothing in it.")
    return say("It has {size} bytes, and a text holds {most}: shorten it.", size=len(text.encode()), most=MAX_TEXT)
