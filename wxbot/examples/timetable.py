"""The flight bot's timetable: which flight leaves next, read from `flights.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wxbot.errors import SettingsError

_KEYS = {"from": "origin", "to": "destination"}  # words that Python keeps for itself


@dataclass(frozen=True, slots=True)
class Flight:
    """One daily flight; `departs` and `arrives` are local times of day."""

    number: str
    origin: str
    destination: str
    departs: str
    arrives: str
    gate: str
    belt: str
    km: int


@dataclass(frozen=True, slots=True)
class Departure:
    """A flight on one day."""

    flight: Flight
    departs_at: datetime
    arrives_at: datetime


class Timetable:
    """Daily flights in one time zone."""

    def __init__(self, file: Path) -> None:
        """Read a timetable; raises SettingsError naming the file, the flight and the field."""
        try:
            values = tomllib.loads(file.read_text("utf-8"))
            self._zone = ZoneInfo(str(values.get("timezone", "Asia/Shanghai")))
        except (OSError, tomllib.TOMLDecodeError, ZoneInfoNotFoundError, ValueError) as exc:
            raise SettingsError(f"{file}: {exc}") from exc
        self._flights = {number: _flight(file, number, row) for number, row in values.get("flights", {}).items()}

    @property
    def numbers(self) -> list[str]:
        """Every flight number, in the file's order."""
        return list(self._flights)

    def next_departure(self, number: str, now: float) -> Departure | None:
        """Return a flight's first departure after `now` (Unix seconds), None for an unknown number."""
        flight = self._flights.get(number)
        if flight is None:
            return None
        local = datetime.fromtimestamp(now, self._zone)
        departs = _next(local, flight.departs)
        return Departure(flight, departs, _next(departs, flight.arrives))


def _next(after: datetime, time_of_day: str) -> datetime:
    hour, minute = (int(part) for part in time_of_day.split(":"))
    today = after.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return today if today > after else today + timedelta(days=1)


_FIELDS = {slot.name for slot in fields(Flight)[1:]}
_FILE_NAMES = {name: key for key, name in _KEYS.items()}


def _flight(file: Path, number: str, row: Mapping[str, Any]) -> Flight:
    if not isinstance(row, dict):
        raise SettingsError(f"{file}: flights.{number} is not a table")
    values = {_KEYS.get(name, name): value for name, value in row.items()}
    if unknown := [name for name in row if _KEYS.get(name, name) not in _FIELDS]:
        raise SettingsError(f"{file}: flights.{number}.{unknown[0]}: no such field")
    for slot in fields(Flight)[1:]:
        kind = int if slot.type is int else str
        if not isinstance(values.get(slot.name), kind):
            name = _FILE_NAMES.get(slot.name, slot.name)
            raise SettingsError(f"{file}: flights.{number} needs {name} as {kind.__name__}")
    for name in ("departs", "arrives"):
        try:
            datetime.strptime(values[name], "%H:%M")
        except ValueError:
            raise SettingsError(f"{file}: flights.{number}.{name} is not a time such as 14:05") from None
    return Flight(number, **{slot.name: values[slot.name] for slot in fields(Flight)[1:]})
