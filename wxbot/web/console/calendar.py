"""What is planned: one day by its hours, or today and the seven days behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from wxbot.store import calendar as kept
from wxbot.store import topic_lists
from wxbot.store.engine import Transaction
from wxbot.web.console import live
from wxbot.web.console.publications import PublicationCard, card_of
from wxbot.web.console.room import Room, page_for, who
from wxbot.web.console.words import language

_FRESH = 10.0  # seconds: it takes 50 ms at size, and the webhook waits meanwhile
_DAYS = 8
_MOST_A_DAY = 20  # publications shown of a day of the week
_MOST = 200  # publications shown of one day
_SUBSCRIBERS = 1_000  # are counted up to one more: there may be many topics
_HOUR = 3600  # seconds


@dataclass(frozen=True, slots=True)
class Span:
    """An hour or a day with what is due in it; `follow_ups` wait for a time in it, on their own."""

    begins_at: float
    follow_ups: int
    publications: Sequence[PublicationCard]
    has_more: bool = False


def calendar(room: Room) -> Blueprint:
    """Return the page."""
    blueprint = Blueprint("calendar", __name__)

    @blueprint.get("/<account>/calendar")
    @page_for("agent")
    def shown(account: str) -> Response | str:
        today = datetime.fromtimestamp(room.now, room.zone).date()
        day = _day_of(request.args.get("day", ""), today)
        works = who().may("operator")  # for whom topics and the outbox are links
        key = ("calendar", language(), account, str(day or today), str(day is None), str(works))
        part = room.live.part(key, lambda: _part(room, account, day, today, works=works), fresh=_FRESH)
        if live.is_wanted():
            return live.answer(part)
        near = [today + timedelta(days=days) for days in range(_DAYS)]
        return render_template("calendar.html", part=live.markup(part), tag=part.tag, day=day, days=near)

    return blueprint


def _day_of(text: str, today: date) -> date | None:
    """Return the day a page is about, None for the week; a year away at most."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if abs((day - today).days) < 366 else None


def _midnight(day: date, zone: ZoneInfo) -> float:
    return datetime.combine(day, time(), zone).timestamp()


def _part(room: Room, account: str, day: date | None, today: date, *, works: bool) -> str:
    now, zone = room.now, room.zone

    def look(tx: Transaction) -> list[Span]:
        return _week(tx, account, today, zone, now) if day is None else _day(tx, account, day, zone, now)

    def count(tx: Transaction) -> Mapping[str, int]:
        topics = {one.topic for span in spans for one in span.publications if not one.total}
        return {name: topic_lists.count_subscribers(tx, account, name, _SUBSCRIBERS) for name in sorted(topics)}

    spans = room.store.read(look)
    return render_template(
        "calendar_part.html",
        spans=spans,
        counts=room.store.read(count),
        most=_SUBSCRIBERS,
        most_waiting=kept.MOST,
        day=day,
        works=works,
        today=today,
        date_of=lambda at: datetime.fromtimestamp(at, zone).date(),
        clock_of=lambda at: f"{datetime.fromtimestamp(at, zone):%H:%M}",
        now=now,
    )


def _week(tx: Transaction, account: str, today: date, zone: ZoneInfo, now: float) -> list[Span]:
    spans = []
    for days in range(_DAYS):
        since, until = (_midnight(today + timedelta(days=number), zone) for number in (days, days + 1))
        found = kept.due(tx, account, since, until, _MOST_A_DAY + 1)
        cards = [card_of(one, now) for one in found[:_MOST_A_DAY]]
        waiting = kept.scheduled(tx, account, since, until)
        spans.append(Span(since, waiting, cards, has_more=len(found) > _MOST_A_DAY))
    return spans


def _day(tx: Transaction, account: str, day: date, zone: ZoneInfo, now: float) -> list[Span]:
    """Return the hours of a day: 24, or where the clocks are changed one more or less."""
    begin, end = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
    found = kept.due(tx, account, begin, end, _MOST + 1)
    cards = [card_of(one, now) for one in found[:_MOST]]
    spans = []
    for number in range(int(end - begin) // _HOUR):
        since, until = begin + number * _HOUR, begin + (number + 1) * _HOUR
        inside = [one for one in cards if since <= one.due_at < until]
        spans.append(Span(since, kept.scheduled(tx, account, since, until), inside))
    return [*spans, Span(end, 0, [], has_more=True)] if len(found) > _MOST else spans
