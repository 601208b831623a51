"""A day at the airport: its flights, its travellers, and the moments at which something happens. Pure, seeded."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from benchmarks.flights import Flight, News, flight
from benchmarks.travellers import Act, Traveller, traveller


@dataclass(slots=True)
class Moment:
    """What happens at one time (Unix seconds): acts by traveller, told or clock-made news by flight."""

    at: int
    acts: list[tuple[int, Act]] = field(default_factory=list)
    told: list[tuple[Flight, News]] = field(default_factory=list)
    due: list[tuple[Flight, News]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Day:
    """Everything that will happen, whoever sends what."""

    flights: Mapping[str, Flight]  # by number
    travellers: tuple[Traveller, ...]

    def moments(self) -> list[Moment]:
        """Return the moments at which something happens, in order; times of no event are skipped."""
        found: dict[int, Moment] = defaultdict(lambda: Moment(0))
        for number, one in enumerate(self.travellers):
            for act in one.acts:
                found[act.at].acts.append((number, act))
        for each in self.flights.values():
            for news in each.news:
                (found[news.at].told if news.is_told else found[news.at].due).append((each, news))
        for at, moment in found.items():
            moment.at = at
        return sorted(found.values(), key=lambda moment: moment.at)

    def owed(self, number: int) -> Iterator[tuple[str, News]]:
        """Yield each flight's news that a traveller should hear: from their asking until they leave."""
        one = self.travellers[number]
        for name, asked in one.asked.items():
            for news in self.flights[name].news:
                if asked < news.at and (one.left is None or news.at < one.left):
                    yield name, news


def make_day(flights: int, travellers: int, seed: int) -> Day:
    """Return a day of this size, the same for the same numbers."""
    made = tuple(flight(number, seed) for number in range(flights))
    return Day(
        {one.number: one for one in made}, tuple(traveller(number, made, seed) for number in range(travellers))
    )
