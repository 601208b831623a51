"""The outbox by state and topic: what became of follow-ups, and what may be done to one, some or all."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wxbot.delivery.acts import ACTS, FITTING, Act
from wxbot.store import audit, errands, outbox_list, pushes
from wxbot.store.engine import Transaction
from wxbot.store.errands import Errand
from wxbot.store.outbox import STATES
from wxbot.store.outbox_list import MOST_COUNTED, NEWEST, Count
from wxbot.web.console import acting, live
from wxbot.web.console.follow_ups import Line, line_of
from wxbot.web.console.forms import here, number
from wxbot.web.console.room import Room, page_for, who
from wxbot.web.console.words import language, say

_PAGE = 50
_SHOWN_FOR = 600.0  # seconds that an errand which is over stays in sight
TABS: Mapping[str, tuple[str, ...]] = {
    "": STATES,
    **{state: (state,) for state in ("doubtful", "refused", "held", "queued", "scheduled")},
    "sending": ("claimed", "sending"),
    **{state: (state,) for state in ("sent", "expired", "cancelled", "superseded")},
}
_FAILED_AT = 4  # behind what else waits for a person


@dataclass(frozen=True, slots=True)
class Tab:
    """What may be looked at, and how many there are; None where that is not counted."""

    name: str
    count: Count | None


@dataclass(frozen=True, slots=True)
class Row:
    """A follow-up in the list, and what may be done to it."""

    line: Line
    acts: list[Act]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of the outbox is looked at."""

    state: str
    topic: str
    before: int

    @classmethod
    def read(cls) -> "Asked":
        """Return what the address says; 404 for a state that is none."""
        state = request.args.get("state", "")
        before = number(request.args.get("before", ""))
        topic = request.args.get("topic", "").strip()[:200]
        return cls(state if state in TABS else abort(404), topic, NEWEST if before is None else before)

    @property
    def acts(self) -> tuple[Act, ...]:
        """What may be done to some of it."""
        return FITTING.get(self.state, ()) if self.state else ACTS


def outbox(room: Room) -> Blueprint:
    """Return the list, what its buttons do, and the errands they begin."""
    blueprint = Blueprint("outbox", __name__)

    @blueprint.get("/<account>/outbox")
    @page_for("operator")
    def listed(account: str) -> Response | str:
        asked = Asked.read()
        key = ("outbox", language(), account, asked.state, asked.topic, str(asked.before))
        part = room.live.part(key, lambda: _list_part(room, account, asked))
        return live.answer(part) if live.is_wanted() else _outbox(part, asked)

    @blueprint.post("/<account>/outbox")
    @page_for("operator")
    def act(account: str) -> Response | tuple[str, int]:
        asked, (wanted, ids) = Asked.read(), acting.wanted() or abort(400)
        if not ids:
            part = live.Part(_list_part(room, account, asked), "", 0.0)
            return _outbox(part, asked, say("Nothing is selected.")), 422
        acting.do(room, account, wanted, ids)
        return redirect(here(), 303)

    @blueprint.post("/<account>/errands")
    @page_for("operator")
    def begin(account: str) -> Response:
        asked, wanted = Asked.read(), request.form.get("all", "")
        fits = next((one for one in FITTING.get(asked.state, ()) if one == wanted), None)
        flash(_begin(room, account, fits or abort(400), asked))
        return redirect(_back(account, asked), 303)

    @blueprint.post("/<account>/errands/stop")
    @page_for("operator")
    def stop(account: str) -> Response:
        id, now, name = number(request.form.get("stop", "")) or abort(400), room.now, who().name

        def work(tx: Transaction) -> bool:
            stopped = errands.stop(tx, account, id, now)
            if stopped:
                audit.note(tx, name, "stop_errand", now, account=account, target=str(id))
            return stopped

        flash(say("It is stopped.") if room.store.write(work) else say("It was over already."))
        room.live.forget()
        return redirect(_back(account, Asked.read()), 303)

    return blueprint


def _outbox(part: live.Part, asked: Asked, problem: object = "") -> str:
    return render_template("outbox.html", part=live.markup(part), tag=part.tag, asked=asked, problem=problem)


def _back(account: str, asked: Asked) -> str:
    return url_for("outbox.listed", account=account, state=asked.state or None, topic=asked.topic or None)


def _begin(room: Room, account: str, act: Act, asked: Asked) -> str:
    """Want it done to all of a state and topic, and return what to say of that."""
    topic, now, name = asked.topic or None, room.now, who().name
    size = room.store.read(lambda tx: errands.size(tx, account, asked.state))

    def work(tx: Transaction) -> bool:
        if any(_is_same(one, act, asked) for one in errands.listed(tx, account, 20)):
            return False
        id = errands.add(tx, account, name, act, asked.state, size, now=now, topic=topic)
        about = " ".join([act, asked.state, asked.topic]).strip()
        audit.note(tx, name, "errand", now, account=account, target=str(id), details=about)
        return True

    begun = room.store.write(work)
    room.live.forget()
    return say("A sender is at it. How far it is stands here.") if begun else say("That is being done already.")


def _is_same(one: Errand, act: Act, asked: Asked) -> bool:
    wanted = (act, asked.state, asked.topic or None, "running")
    return (one.action, one.state, one.topic, one.status) == wanted


def _list_part(room: Room, account: str, asked: Asked) -> str:
    now, topic = room.now, asked.topic or None

    def look(tx: Transaction) -> str:
        page = outbox_list.page(tx, account, TABS[asked.state], _PAGE, topic=topic, before=asked.before)
        going = [one for one in errands.listed(tx, account, 5) if _is_in_sight(one, now)]
        has_all = asked.state in FITTING
        return render_template(
            "outbox_part.html",
            asked=asked,
            tabs=tabs(tx, account, asked.topic),
            errands=going,
            rows=[Row(line_of(one, now), acting.fitting(one, now)) for one in page.rows],
            more=page.more,
            is_first=asked.before == NEWEST,
            all=outbox_list.count(tx, account, asked.state, topic) if has_all else None,
        )

    return room.store.read(look)


def _is_in_sight(one: Errand, now: float) -> bool:
    return one.status == "running" or now - one.changed_at < _SHOWN_FOR


def tabs(tx: Transaction, account: str, topic: str = "") -> list[Tab]:
    """Return the tabs of the outbox, failed pushes among them; with a topic follow-ups are not counted."""
    failed = pushes.count_failed(tx, account, MOST_COUNTED + 1)
    found = [Tab(name, None if topic or not name else _sum(tx, account, states)) for name, states in TABS.items()]
    found.insert(_FAILED_AT, Tab("failed", Count(min(failed, MOST_COUNTED), failed > MOST_COUNTED)))
    return found


def _sum(tx: Transaction, account: str, states: tuple[str, ...]) -> Count:
    counts = [outbox_list.count(tx, account, state) for state in states]
    return Count(sum(one.number for one in counts), any(one.is_more for one in counts))
