"""One flight's day: when it leaves, what changes, and what its travellers should hear of it. Pure, seeded.

The shares are chosen, not measured: a quarter of the flights late, in one to three steps of 15 to 90
minutes; one in six changes its gate; one in sixty is cancelled. A quarter late is a bad day rather
than a usual one: published punctuality lies between three and nine flights in ten on time, by airport,
season and weather.

All times are Unix seconds. What a plan brings falls on a round five minutes, what the airline's system
tells a minute later, so that the order of the two is the same in every run.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Literal

from benchmarks import words

Kind = Literal[
    "check-in", "gate", "gate change", "delay", "boarding", "last call", "cancelled", "landed", "belt", "miles"
]

MINUTE, HOUR, DAY = 60, 3600, 86_400  # seconds
GRID = 5 * MINUTE
TOLD = 1 * MINUTE  # after the grid: when the airline's system speaks
BOARDS, CLOSES, GONE = -40 * MINUTE, -15 * MINUTE, -5 * MINUTE  # from the departure
CHECKS_IN = -24 * HOUR
BELT_AFTER = 10 * MINUTE  # after the landing
MILES_AFTER = 2 * DAY
_LONG_DELAY = 30 * MINUTE  # a longer one is decisive
_NEAR = 2 * HOUR  # before the departure: from here on a change of the gate is decisive
_ZONE = timezone(timedelta(hours=8))
MIDNIGHT = int(datetime(2026, 11, 25, tzinfo=_ZONE).timestamp())  # the day's first second
_FIRST, _LAST = MIDNIGHT + 6 * HOUR, MIDNIGHT + 23 * HOUR  # departures


@dataclass(frozen=True, slots=True)
class News:
    """One thing that a flight's travellers should hear: at `at`, and not after `needed_by`.

    `moment` is the departure that the airline's system tells with it, `facts` what else it tells;
    news without either comes from the clock alone.
    """

    kind: Kind
    at: int
    needed_by: int
    decisive: bool
    text: str
    moment: int | None = None
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def is_told(self) -> bool:
        """Whether somebody must tell it: the clock does not know."""
        return self.at % GRID != 0


@dataclass(frozen=True, slots=True)
class Flight:
    """A flight; `departs` is when it is planned to leave, `lasts` its seconds in the air."""

    number: str
    departs: int
    lasts: int
    news: tuple[News, ...]  # by time


@dataclass(frozen=True, slots=True)
class _Delay:
    told: int
    moment: int  # the new departure


def local(moment: float) -> str:
    """Return a moment's time of day where the airport is."""
    return datetime.fromtimestamp(moment, _ZONE).strftime("%H:%M")


def flight(number: int, seed: int) -> Flight:
    """Return the n-th flight of a day, the same for the same seed."""
    chance = Random(f"flight {number} of {seed}")
    name = f"CA{1001 + number}"
    departs = chance.randrange(_FIRST, _LAST, GRID)
    lasts = chance.randrange(65 * MINUTE, 4 * HOUR, GRID)
    delays = _delays(chance, departs)
    news = _Timeline(name, departs, lasts, delays, chance).news()
    return Flight(name, departs, lasts, news)


def _delays(chance: Random, departs: int) -> list[_Delay]:
    steps = chance.choices([0, 1, 2, 3], [75, 15, 7, 3])[0]
    found: list[_Delay] = []
    moment, earliest = departs, departs - 3 * HOUR
    for _ in range(steps):
        told = chance.randrange(earliest, moment - 25 * MINUTE, GRID) + TOLD
        moment += chance.randrange(15 * MINUTE, 95 * MINUTE, GRID)
        found.append(_Delay(told, moment))
        earliest = told - TOLD + 20 * MINUTE
    return found


@dataclass(frozen=True, slots=True)
class _Timeline:
    """What happens to one flight; `chance` draws its gates, its belt and its end."""

    name: str
    departs: int
    lasts: int
    delays: Sequence[_Delay]
    chance: Random

    def news(self) -> tuple[News, ...]:
        """Return all of it, in order; what would come after a cancellation does not."""
        gates = self._gates()
        found = [*self._gate_news(gates), *self._delay_news(), *self._planned(gates), self._belt()]
        if self.chance.random() < 1 / 60:
            cancelled = self._cancelled()
            found = [one for one in found if one.at < cancelled.at] + [cancelled]
        return tuple(sorted(found, key=lambda one: one.at))

    def _departs_as_told(self, at: int) -> int:
        """Return the departure that is known at this moment."""
        return max([self.departs, *(one.moment for one in self.delays if one.told <= at)])

    def _when(self, offset: int) -> int:
        """Return when something relative to the departure happens: it moves until it has happened."""
        moment = self.departs
        for one in self.delays:
            if moment + offset < one.told:
                break
            moment = one.moment
        return moment + offset

    def _gates(self) -> list[tuple[int, str]]:
        """Return when each gate is told; all before the boarding's last minutes."""
        first = self.departs - self.chance.randrange(100, 185, 5) * MINUTE + TOLD
        gates = [(first, f"C{self.chance.randrange(1, 60)}")]
        if self.chance.random() < 1 / 6:
            latest = self._when(CLOSES) - GRID
            at = self.chance.randrange(first + GRID, latest + TOLD, GRID)
            gates.append((at, f"D{self.chance.randrange(1, 40)}"))
        return gates

    def _gate_news(self, gates: Sequence[tuple[int, str]]) -> Iterator[News]:
        for number, (at, gate) in enumerate(gates):
            departs = self._departs_as_told(at)
            text = (words.GATE_CHANGE if number else words.GATE).format(flight=self.name, gate=gate)
            decisive = number > 0 and at >= departs - _NEAR
            kind: Kind = "gate change" if number else "gate"
            yield News(kind, at, _before(at, departs), decisive, text, facts=(("gate", gate),))

    def _delay_news(self) -> Iterator[News]:
        for one in self.delays:
            before = self._departs_as_told(one.told - 1)
            text = words.DELAY.format(flight=self.name, time=local(one.moment))
            decisive = one.moment - before > _LONG_DELAY
            yield News("delay", one.told, _before(one.told, before), decisive, text, moment=one.moment)

    def _planned(self, gates: Sequence[tuple[int, str]]) -> Iterator[News]:
        boards, closes, lands = self._when(BOARDS), self._when(CLOSES), self._when(self.lasts)
        check_in = self._when(CHECKS_IN)
        yield self._step("check-in", check_in, boards, words.CHECK_IN)
        yield self._step("boarding", boards, boards + CLOSES - BOARDS, words.BOARDING, _known(gates, boards))
        yield self._step("last call", closes, closes + GONE - CLOSES, words.LAST_CALL, _known(gates, closes))
        yield self._step("landed", lands, lands + HOUR, words.LANDED)
        yield self._step("miles", lands + MILES_AFTER, lands + MILES_AFTER + 30 * DAY, words.MILES)

    def _step(self, kind: Kind, at: int, needed_by: int, text: str, gate: str = "") -> News:
        decisive = kind in ("boarding", "last call")
        return News(kind, at, needed_by, decisive, text.format(flight=self.name, gate=gate))

    def _belt(self) -> News:
        at, belt = self._when(self.lasts) + BELT_AFTER + TOLD, str(self.chance.randrange(1, 40))
        text = words.BELT.format(flight=self.name, belt=belt)
        return News("belt", at, at + HOUR, False, text, facts=(("belt", belt),))

    def _cancelled(self) -> News:
        at = self.departs - self.chance.randrange(60, 305, 5) * MINUTE + TOLD
        text = words.CANCELLED.format(flight=self.name)
        return News("cancelled", at, _before(at, self._departs_as_told(at)), True, text)


def _before(at: int, departs: int) -> int:
    """Return until when a change is of use: the boarding, or a quarter of an hour when that is near or over."""
    return max(departs + BOARDS, min(at + 15 * MINUTE, departs))


def _known(gates: Sequence[tuple[int, str]], at: int) -> str:
    return [gate for told, gate in gates if told <= at][-1]
