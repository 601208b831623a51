"""How the console tells times, spans, names and counts; each template has these as filters."""

from datetime import date, datetime
from zlib import crc32
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from wxbot.protocol.window import is_unlimited
from wxbot.store.outbox_list import Count
from wxbot.web.console.words import Language, say

_DAYS = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_NEAR = 6 * 86_400  # seconds within which a weekday says enough
COLOURS = 8  # of faces; console.css has them


def moment(at: float, now: float, zone: ZoneInfo, language: Language) -> Markup:
    """Return a moment as `14:05` today, `Tue 14:05` within six days, else with its date; all of it on hovering."""
    local, today = datetime.fromtimestamp(at, zone), datetime.fromtimestamp(now, zone)
    if local.date() == today.date():
        text = f"{local:%H:%M}"
    elif abs(at - now) < _NEAR:
        text = f"{_DAYS[language][local.weekday()]} {local:%H:%M}"
    else:
        text = f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d %H:%M}"
    whole = f"{local:%Y-%m-%d %H:%M:%S} {local.tzname()}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(local.isoformat(), whole, text)


def span(seconds: float, language: Language) -> str:
    """Return a span in its two largest units, of which seconds are none: `1d 3h`, `47m`, `<1m`."""
    minutes = max(int(seconds), 0) // 60
    days, hours = divmod(minutes // 60, 24)
    units = ("{}天", "{}小时", "{}分钟") if language == "zh" else ("{}d", "{}h", "{}m")
    parts = [unit.format(count) for unit, count in zip(units, (days, hours, minutes % 60), strict=True) if count]
    between = "" if language == "zh" else " "
    return between.join(parts[:2]) or ("不到1分钟" if language == "zh" else "<1m")


def countdown(until: float, now: float, language: Language) -> Markup:
    """Return what is left until a moment; the page counts it down by itself."""
    return Markup('<span class="countdown" data-until="{}">{}</span>').format(
        int(until), span(until - now, language)
    )


def short(openid: str) -> Markup:
    """Return an openid so short that it fits, whole on hovering: they differ at their end."""
    text = openid if len(openid) <= 14 else f"{openid[:4]}…{openid[-8:]}"
    return Markup('<span class="openid" title="{}">{}</span>').format(openid, text)


def face(openid: str) -> Markup:
    """Return what stands for a user's picture, which the platform no longer tells: a colour and two letters."""
    number = crc32(openid.encode()) % COLOURS
    return Markup('<span class="face face-{}" aria-hidden="true">{}</span>').format(number, openid[-2:].upper())


def left(count: int, language: Language) -> str:
    """Return how many messages are left; in words where they are not counted."""
    return str(say("any number", language)) if is_unlimited(count) else str(count)


def so_many(count: Count) -> str:
    """Return a count, `10,000+` for one that was not counted to its end."""
    return f"{count.number:,}{'+' if count.is_more else ''}"


def weekday(day: date, language: Language) -> str:
    """Return the name of a day of the week."""
    return _DAYS[language][day.weekday()]


def capped(count: int, most: int = 10_000) -> str:
    """Return a count that went no further than one more than `most`: `1,024`, `10,000+`."""
    return so_many(Count(min(count, most), count > most))


def lines(text: str) -> Markup:
    """Return a text with its line ends kept."""
    return Markup("<br>").join(escape(line) for line in text.splitlines())
