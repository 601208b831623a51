"""The most that anybody could deliver: `python -m benchmarks.foresight` sends the decisive news of a day only.

Pure but for what it prints. Whoever knew every delay beforehand would send nothing that takes a message from
something decisive; so nobody can do better than a sender that sends nothing else.
"""

from collections.abc import Iterator

import click

from benchmarks.day import Day, make_day
from benchmarks.flights import DAY, News
from benchmarks.score import Share
from benchmarks.travellers import Act

_MARGIN = 60  # seconds at the end of a window that wxbot does not use either


def foresight(day: Day) -> Share:
    """Return how much of a day's decisive news the platform's rights allow at all."""
    result = Share()
    for number in range(len(day.travellers)):
        for in_time in _delivered(_events(day, number)):
            result.owed += 1
            result.in_time += in_time
    return result


def _events(day: Day, number: int) -> list[Act | News]:
    decisive = [news for _, news in day.owed(number) if news.decisive]
    return sorted([*day.travellers[number].acts, *decisive], key=lambda one: one.at)


def _delivered(events: list[Act | News]) -> Iterator[bool]:
    """Yield for each piece of news whether it came in time, at once or in the reply on return."""
    left, until, tapped, tapped_until = 0, 0, 0, 0
    waiting: list[News] = []
    for one in events:
        if isinstance(one, Act):
            if one.does in ("ask", "write"):
                left, until = 5, one.at + 2 * DAY - _MARGIN
                yield from (one.at <= news.needed_by for news in waiting)
                waiting = []
            elif one.does == "tap":
                tapped, tapped_until = 3, one.at + 60
        elif tapped and one.at < tapped_until:
            tapped -= 1
            yield True
        elif left and one.at < until:
            left -= 1
            yield True
        else:
            waiting.append(one)
    yield from (False for _ in waiting)


@click.command()
@click.option("--flights", default=300, show_default=True)
@click.option("--travellers", default=20_000, show_default=True)
@click.option("--seed", default=7, show_default=True)
def main(flights: int, travellers: int, seed: int) -> None:
    """Count what a sender with foresight could deliver of a day's decisive news."""
    best = foresight(make_day(flights, travellers, seed))
    click.echo(f"{best.in_time:,} of {best.owed:,} ({100 * best.in_time / best.owed:.1f} %)")


if __name__ == "__main__":
    main()
