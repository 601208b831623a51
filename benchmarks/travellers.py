"""The travellers: which flights they ask about, what else they do on the phone, and when. Pure, seeded.

The shares are chosen, not measured; the same people do the same in every run, whatever they are sent,
so nothing is gained here by a text that asks them to write. Of those who ask, 5 in 100 ask about a
connecting flight too, 30 write again before they land, 10 after it, 6 days later; 15 tap the menu and
4 unfollow. Almost half do nothing but ask once. Times are Unix seconds, three minutes after a round ten.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from benchmarks.flights import DAY, HOUR, MINUTE, Flight

Does = Literal["ask", "write", "tap", "leave"]

_GRID, _AFTER = 10 * MINUTE, 3 * MINUTE


@dataclass(frozen=True, slots=True)
class Act:
    """One thing a traveller does; `flight` is the number of the flight they ask about, "" for anything else."""

    at: int
    does: Does
    flight: str = ""


@dataclass(frozen=True, slots=True)
class Traveller:
    """Somebody with one flight or two; `acts` by time, and nothing after they have left."""

    acts: tuple[Act, ...]

    @property
    def asked(self) -> dict[str, int]:
        """When they first asked about each flight."""
        return {act.flight: act.at for act in reversed(self.acts) if act.does == "ask"}

    @property
    def left(self) -> int | None:
        """When they unfollowed; None when they stay."""
        return next((act.at for act in self.acts if act.does == "leave"), None)


def traveller(number: int, flights: Sequence[Flight], seed: int) -> Traveller:
    """Return the n-th traveller of a day, the same for the same seed and flights."""
    chance = Random(f"traveller {number} of {seed}")
    first = chance.choice(flights)
    acts = [_ask(chance, first)]
    if chance.random() < 0.05:
        acts += [_ask(chance, other) for other in _connections(chance, first, flights)]
    lands = first.departs + first.lasts
    asked = acts[0].at
    if chance.random() < 0.3:
        about = first.number if chance.random() < 0.5 else ""
        acts.append(_between(chance, asked + 20 * MINUTE, lands, "ask" if about else "write", about))
    for share, does, start, end in (
        (0.1, "write", lands, lands + 10 * HOUR),
        (0.06, "write", lands + 2 * DAY, lands + 4 * DAY),
        (0.15, "tap", asked + 20 * MINUTE, lands + 2 * HOUR),
        (0.04, "leave", asked + HOUR, lands + DAY),
    ):
        if chance.random() < share:
            acts.append(_between(chance, start, end, does))  # type: ignore[arg-type]  # literals in a tuple
    return Traveller(_until_they_leave(sorted(acts, key=lambda act: act.at)))


def _ask(chance: Random, flight: Flight) -> Act:
    """Half ask in the last eight hours, three in ten on the day before, nobody in the last two hours."""
    low, high = chance.choices([(2, 8), (8, 24), (24, 30)], [50, 30, 20])[0]
    return _between(chance, flight.departs - high * HOUR, flight.departs - low * HOUR - _GRID, "ask", flight.number)


def _connections(chance: Random, first: Flight, flights: Sequence[Flight]) -> list[Flight]:
    lands = first.departs + first.lasts
    fits = [one for one in flights if lands + 90 * MINUTE <= one.departs <= lands + 6 * HOUR]
    return [chance.choice(fits)] if fits else []


def _between(chance: Random, start: int, end: int, does: Does, flight: str = "") -> Act:
    at = chance.randrange(start, max(end, start + 1))
    return Act(at // _GRID * _GRID + _AFTER, does, flight)


def _until_they_leave(acts: Sequence[Act]) -> tuple[Act, ...]:
    left = next((number for number, act in enumerate(acts) if act.does == "leave"), len(acts))
    return tuple(acts[: left + 1])
