"""How often each interface may be called: per Beijing day, and per minute where a test sets it.

Source: docs/platform.md §8.
"""

from dataclasses import dataclass, field

from wxbot.simulator.errcodes import ApiRefusal

DAILY = {
    "/cgi-bin/token": 2_000,
    "/cgi-bin/stable_token": 500_000,
    "/cgi-bin/message/custom/send": 500_000,
    "/cgi-bin/message/template/send": 100_000,
    "/cgi-bin/menu/create": 1_000,
    "/cgi-bin/menu/get": 10_000,
    "/cgi-bin/menu/delete": 1_000,
    "/cgi-bin/media/upload": 100_000,
    "/cgi-bin/media/get": 200_000,
    "/cgi-bin/qrcode/create": 100_000,
    "/cgi-bin/user/get": 500,
    "/cgi-bin/user/info": 5_000_000,
    "/cgi-bin/user/info/updateremark": 10_000,
    "/cgi-bin/menu/addconditional": 2_000,
    "/cgi-bin/menu/delconditional": 2_000,
    "/cgi-bin/menu/trymatch": 20_000,
}
FORCED_REFRESHES = 20  # forced stable_token refreshes a day
CLEARS_A_MONTH = 10
_BEIJING = 8 * 3600  # seconds ahead of UTC
_MONTH = 30 * 86_400  # seconds; the real one is a calendar month


@dataclass(slots=True)
class Quota:
    """Calls counted so far: a name and a period number make one counter."""

    daily: dict[str, int] = field(default_factory=lambda: dict(DAILY))
    minute: dict[str, int] = field(default_factory=dict)
    used: dict[str, tuple[int, int]] = field(default_factory=dict)  # name -> (period number, calls)

    def count(self, path: str, now: float) -> None:
        """Count one call; raises ApiRefusal 45009 past the day's limit, 45011 past the minute's."""
        if path in self.minute and not self.take(f"minute {path}", int(now) // 60, self.minute[path]):
            raise ApiRefusal(45011)
        if path in self.daily and not self.take(f"day {path}", self._day(now), self.daily[path]):
            raise ApiRefusal(45009)

    def may_force(self, now: float) -> bool:
        """Return whether one more forced token refresh is allowed today, and count it."""
        return self.take("forced refresh", self._day(now), FORCED_REFRESHES)

    def clear(self, now: float) -> None:
        """Start every day's count again; raises ApiRefusal 48006 when done too often."""
        if not self.take("clear", int(now) // _MONTH, CLEARS_A_MONTH):
            raise ApiRefusal(48006)
        self.used = {name: count for name, count in self.used.items() if name == "clear"}

    def take(self, name: str, period: int, limit: int) -> bool:
        """Count one use in this period and return True, or return False when the limit is reached."""
        last, calls = self.used.get(name, (period, 0))
        calls = calls if last == period else 0
        if calls >= limit:
            return False
        self.used[name] = (period, calls + 1)
        return True

    @staticmethod
    def _day(now: float) -> int:
        return (int(now) + _BEIJING) // 86_400
