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

    def begin_at(self, now: float) -> float:
        """Return when it begins next, Unix seconds; a moment that is now is over."""
        return next_at(self.start, now, self.zone).timestamp()

    def over_at(self, now: float) -> float:
        """Return when the part that holds `now` is over.

        Where the clocks go back its end comes twice and the first counts; where they go forward past its
        end, it is over as much later.
        """
        today = datetime.fromtimestamp(now, self.zone).date()
        days = (datetime.combine(today + timedelta(days=day), self.end, self.zone) for day in range(3))
        ends = (day.replace(fold=fold).timestamp() for day in days for fold in (0, 1))
        return min(end for end in ends if end > now and not self.hold(end))


def parse_hours(text: str, zone: ZoneInfo) -> Hours:
    """Return the hours of `08:00-22:00`; ValueError for anything else, and for hours without length."""
    try:
        start, end = map(parse_time, text.split("-"))
    except ValueError:
        raise ValueError(f"{text!r} is not hours such as 08:00-22:00") from None
    if start == end:
        raise ValueError(f"{text!r} ends when it starts; leave hours out to mean the whole day")
    return Hours(start, end, zone)
