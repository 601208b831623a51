"""Playing a day: time stands at each moment until all that is due has gone out, then it jumps to the next."""

from collections.abc import Callable
from typing import Protocol

from benchmarks.day import Day
from benchmarks.flights import MIDNIGHT, Flight, News
from benchmarks.phones import Phones
from benchmarks.score import Score, score
from benchmarks.stage import Stage

Progress = Callable[[int, int], None]  # moments done, of how many


class Side(Protocol):
    """Whoever tells the travellers."""

    def tell(self, flight: Flight, news: News) -> None:
        """Take the news: of the airline's system, or of the clock."""
        ...

    def settle(self) -> None:
        """Return when nothing is left that is due."""
        ...


def play(day: Day, stage: Stage, side: Side, progress: Progress) -> Score:
    """Play a day against the running platform, and return what it came to."""
    moments, phones = day.moments(), Phones(stage.platform)
    phones.meet(len(day.travellers))
    for number, moment in enumerate(moments):
        stage.go_to(moment.at)
        phones.act(moment.acts)
        for flight, news in [*moment.told, *moment.due]:
            side.tell(flight, news)
        side.settle()
        progress(number + 1, len(moments))
    return score(day, phones.shown(), phones.ledger(), MIDNIGHT)
