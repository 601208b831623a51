"""Playing a day: time stands at each moment until all that is due has gone out, then it jumps to the next."""

from collections.abc import Callable
from typing import Protocol

from benchmarks.day import Day
from benchmarks.flights import HOUR, Flight, News
from benchmarks.phones import Phones
from benchmarks.score import Score, score
from benchmarks.stage import Stage

Progress = Callable[[int, int], None]  # moments done, of how many


class Side(Protocol):
    """Whoever tells the travellers."""

    def tell(self, flight: Flight, news: News) -> None:
        """Take the news: of the airline's system, or of the clock."""
        ...

    def settle(self, until: float) -> list[float]:
        """Return when nothing is left that is due before `until`; the moments at which time stood for it."""
        ...


def play(day: Day, stage: Stage, side: Side, progress: Progress) -> Score:
    """Play a day against the running platform, and return what it came to."""
    moments, phones = day.moments(), Phones(stage.platform)
    phones.meet(len(day.travellers))
    stops: list[float] = []
    ends = [*(one.at for one in moments[1:]), moments[-1].at + HOUR]
    for number, (moment, end) in enumerate(zip(moments, ends, strict=True)):
        stage.go_to(moment.at)
        phones.act(moment.acts)
        for flight, news in [*moment.told, *moment.due]:
            side.tell(flight, news)
        stops += [moment.at, *side.settle(end)]
        progress(number + 1, len(moments))
    return score(day, phones.shown(), phones.ledger(), stops)
