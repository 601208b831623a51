"""What a day came to, judged by the platform's ledger and by what the travellers' phones show. Pure.

News counts as delivered when its line reached the phone in any way: alone, joined with others, or in the
reply to something the traveller wrote. Late is counted from the moment at which a run let time stand
until all was sent, so that it is the sender's choice and not the machine's speed. Times are seconds.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.day import Day
from benchmarks.flights import HOUR, MIDNIGHT, News


@dataclass(slots=True)
class Share:
    """How much of something reached its travellers, and how much of it before it was of no more use."""

    owed: int = 0
    delivered: int = 0
    in_time: int = 0


@dataclass(slots=True)
class Score:
    """One run's result."""

    kinds: dict[str, Share] = field(default_factory=dict)  # by News.kind
    decisive: Share = field(default_factory=Share)
    hours: dict[int, Share] = field(default_factory=dict)  # decisive news, by hour since the day's midnight
    late: list[float] = field(default_factory=list)  # of each that was delivered, sorted
    decisive_late: list[float] = field(default_factory=list)
    doubled: int = 0  # lines that stand on a phone once too often
    backwards: int = 0  # arrived after later news of the same flight
    empty_handed: int = 0  # travellers who were owed something and got nothing
    ledger: Mapping[str, Any] = field(default_factory=dict)

    @property
    def all(self) -> Share:
        """Every kind together."""
        shares = list(self.kinds.values())
        return Share(*(sum(getattr(one, name) for one in shares) for name in ("owed", "delivered", "in_time")))


def score(
    day: Day, phones: Iterable[Sequence[Mapping[str, Any]]], ledger: Mapping[str, Any], stops: Sequence[float]
) -> Score:
    """Return the score; `phones` has a list of items for each traveller, `stops` when the run let time stand."""
    result = Score(ledger=ledger)
    for number, items in enumerate(phones):
        arrived = _arrived(items, stops)
        owed = list(day.owed(number))
        for _, news in owed:
            _count(result, news, arrived.get(news.text, []))
        result.backwards += sum(_backwards(flight, owed, arrived) for flight in {name for name, _ in owed})
        result.empty_handed += bool(owed) and not any(news.text in arrived for _, news in owed)
    result.late.sort()
    result.decisive_late.sort()
    return result


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of the sorted values lies; 0 for none."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def _arrived(items: Sequence[Mapping[str, Any]], stops: Sequence[float]) -> dict[str, list[tuple[float, int]]]:
    """Return where each line that came in stands on the phone: the moment of the run, and its place."""
    found: dict[str, list[tuple[float, int]]] = {}
    lines = ((item["at"], line) for item in items if item["direction"] == "in" for line in _lines(item))
    for place, (at, line) in enumerate(lines):
        stop = stops[max(0, bisect_right(stops, at) - 1)]
        found.setdefault(line, []).append((stop, place))
    return found


def _lines(item: Mapping[str, Any]) -> Iterator[str]:
    return (line for line in str(item["text"]).splitlines() if line)


def _count(result: Score, news: News, arrived: Sequence[tuple[float, int]]) -> None:
    hour = result.hours.setdefault((news.at - MIDNIGHT) // HOUR, Share()) if news.decisive else Share()
    shares = [result.kinds.setdefault(news.kind, Share()), hour]
    shares += [result.decisive] if news.decisive else []
    in_time = bool(arrived) and arrived[0][0] <= news.needed_by
    for share in shares:
        share.owed += 1
        share.delivered += bool(arrived)
        share.in_time += in_time
    result.doubled += max(0, len(arrived) - 1)
    if arrived:
        result.late.append(max(0, arrived[0][0] - news.at))
        if news.decisive:
            result.decisive_late.append(max(0, arrived[0][0] - news.at))


def _backwards(
    flight: str, owed: Sequence[tuple[str, News]], arrived: Mapping[str, Sequence[tuple[float, int]]]
) -> int:
    """Return how much of one flight's news came after news of a later moment."""
    places = [arrived[news.text][0][1] for name, news in owed if name == flight and news.text in arrived]
    return sum(place > min(places[number + 1 :], default=place) for number, place in enumerate(places))
