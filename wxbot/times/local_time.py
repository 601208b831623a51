"""Local times of day: `13:25`, and hours such as `08:00-22:00`. Moments are Unix seconds."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)


def parse_time(text: str) -> time:
    """Return a time of day; ValueError, with what is expected, for anything else."""
    found = _TIME.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a time of day such as 13:25")
    return time(int(found[1]), int(found[2]))


def next_at(at: time, now: float, zone: ZoneInfo, days: int = 0) -> datetime:
    """Return the first such time of day after `now`, and `days` days later; a moment that is now is over."""
    today = datetime.fromtimestamp(now, zone).date()
    first = datetime.combine(today, at, zone)
    passed = first.timestamp() <= now
    return datetime.combine(today + timedelta(days=days + passed), at, zone)


@dataclass(frozen=True, slots=True)
class Hours:
    """A part of each day, `start` in it and `end` not; past midnight when `end` is the earlier one."""

    start: time
    end: time
    zone: ZoneInfo

    def hold(self, now: float) -> bool:
        """Return whether `now` is in it."""
        local = datetime.fromtimestamp(now, self.zone).time()
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


def parse_hours(text: str, zone: ZoneInfo) -> Hours:
    """Return the hours of `08:00-22:00`; ValueError for anything else, and for hours without length."""
    try:
        start, end = map(parse_time, text.split("-"))
    except ValueError:
        raise ValueError(f"{text!r} is not hours such as 08:00-22:00") from None
    if start == end:
        raise ValueError(f"{text!r} ends when it starts; leave hours out to mean the whole day")
    return Hours(start, end, zone)
