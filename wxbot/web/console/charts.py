"""The last 24 hours in numbers and lines: pushes and replies, follow-ups by outcome, how soon, what closes next."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from wxbot.delivery.counting import TOOK, TOOK_LONGER
from wxbot.store import closing, counts
from wxbot.store.counts import HOUR, hour_of
from wxbot.store.engine import Transaction
from wxbot.web.console import live
from wxbot.web.console.room import Room, page_for
from wxbot.web.console.words import language, say

_FRESH = 25.0  # seconds
_HOURS = 24
_AHEAD = 49  # hours: a window that has just opened closes in the last one
_PUSHES = ("pushes", "replies", "handed_off", "failed")
_OUTCOMES = ("sent", "refused", "doubtful", "expired", "cancelled", "superseded")

Counts = Mapping[tuple[int, str], int]


@dataclass(frozen=True, slots=True)
class Figure:
    """Lines over hours, each with its name in the page's language."""

    name: str
    title: str
    hours: Sequence[int]
    lines: Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Share:
    """How many pushes were answered so soon; `percent` is of all that were measured or handed off."""

    what: str
    count: int
    percent: float


def charts(room: Room) -> Blueprint:
    """Return the page."""
    blueprint = Blueprint("charts", __name__)

    @blueprint.get("/<account>/charts")
    @page_for("agent")
    def shown(account: str) -> Response | str:
        part = room.live.part(("charts", language(), account), lambda: _part(room, account), fresh=_FRESH)
        if live.is_wanted():
            return live.answer(part)
        return render_template("charts.html", part=live.markup(part), tag=part.tag, figures=_NAMES)

    return blueprint


_NAMES = ("pushes", "follow_ups", "closing")


def _part(room: Room, account: str) -> str:
    now = room.now
    first = hour_of(now) - (_HOURS - 1) * HOUR

    def look(tx: Transaction) -> tuple[Counts, Mapping[int, int]]:
        return counts.since(tx, account, first), closing.by_hour(tx, account, now, _AHEAD)

    counted, ends = room.store.read(look)
    figures = _figures(counted, ends, first, now)
    told = {
        "zone": room.zone.key,
        "hour": str(say("Hour")),
        "figures": [{"name": one.name, "hours": one.hours, "lines": one.lines} for one in figures],
    }
    return render_template(
        "charts_part.html", figures=figures, told=json.dumps(told), shares=_shares(counted), most=closing.MOST
    )


def _figures(counted: Counts, ends: Mapping[int, int], first: int, now: float) -> list[Figure]:
    hours = [first + number * HOUR for number in range(_HOURS)]
    ahead = [hour_of(now) + number * HOUR for number in range(_AHEAD)]
    pushes = {str(say(_LABELS[what])): [counted.get((hour, what), 0) for hour in hours] for what in _PUSHES}
    outcomes = {
        str(say(state)): [counted.get((hour, f"follow_up:{state}"), 0) for hour in hours] for state in _OUTCOMES
    }
    closes = {str(say("windows that close")): [ends.get(hour, 0) for hour in ahead]}
    return [
        Figure("pushes", str(say("Pushes and what became of them, by hour")), hours, pushes),
        Figure("follow_ups", str(say("Follow-ups by outcome, by hour")), hours, outcomes),
        Figure("closing", str(say("Windows that close within 48 hours")), ahead, closes),
    ]


_LABELS = {
    "pushes": "pushes",
    "replies": "replies",
    "handed_off": "handed off",
    "failed": "failed",
}


def _shares(counted: Counts) -> list[Share]:
    """Return how soon pushes were answered, the quickest first."""

    def total(*names: str) -> int:
        return sum(count for (_, what), count in counted.items() if what in names)

    whole = total(*TOOK.values(), TOOK_LONGER, "handed_off") or 1
    rows = [(str(say("under {seconds} s", seconds=f"{most:g}")), total(name)) for most, name in TOOK.items()]
    rows += [(str(say("longer")), total(TOOK_LONGER)), (str(say("handed off")), total("handed_off"))]
    return [Share(what, count, round(100 * count / whole, 1)) for what, count in rows]
