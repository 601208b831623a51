"""The page about the airport day: what was measured, in a table, and how to read it (`airport-day.md`, here)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.plot import KINDS
from benchmarks.score import Score, Share, percentile

PICTURE = "airport-day.svg"
_KNOWN = {"45015", "45047", "43004"}  # errcodes that have a row of their own
_PAGE = Path(__file__).with_name("airport-day.md")


@dataclass(frozen=True, slots=True)
class Run:
    """What was played, where, and for how long (seconds of real time)."""

    flights: int
    travellers: int
    seed: int
    date: str
    commit: str
    machine: str
    seconds: float


def page(scores: Mapping[str, Score], run: Run) -> str:
    """Return the page in Markdown."""
    return _PAGE.read_text("utf-8").format(
        run=run,
        picture=PICTURE,
        names=" | ".join(scores),
        rule="|".join("---:" for _ in scores),
        table=_table(scores, _ROWS),
        kinds=_table(scores, _kinds(scores)),
        minutes=run.seconds / 60,
    )


def _table(scores: Mapping[str, Score], rows: Mapping[str, Callable[[Score], str]]) -> str:
    lines = [f"| {name} | {' | '.join(look(one) for one in scores.values())} |" for name, look in rows.items()]
    return "\n".join(lines)


def _kinds(scores: Mapping[str, Score]) -> dict[str, Callable[[Score], str]]:
    there = {kind for one in scores.values() for kind in one.kinds}
    return {kind: _of_kind(kind) for kind in KINDS if kind in there}


def _of_kind(kind: str) -> Callable[[Score], str]:
    return lambda one: _share(one.kinds[kind].in_time, one.kinds[kind])


def _share(count: int, of: Share) -> str:
    return f"{100 * count / of.owed if of.owed else 0:.1f} % ({count:,} of {of.owed:,})"


def _span(seconds: float) -> str:
    hours, rest = divmod(round(seconds / 60), 60)
    return f"{hours} h {rest:02} min" if hours else f"{rest} min"


def _others(one: Score) -> int:
    return sum(count for errcode, count in one.ledger["refused"].items() if errcode not in _KNOWN)


_ROWS: dict[str, Callable[[Score], str]] = {
    "decisive news delivered in time": lambda one: _share(one.decisive.in_time, one.decisive),
    "news delivered": lambda one: _share(one.all.delivered, one.all),
    "news delivered in time": lambda one: _share(one.all.in_time, one.all),
    "messages spent": lambda one: f"{one.ledger['accepted']:,}",
    "refused: outside the window (45015)": lambda one: f"{one.ledger['outside_window']:,}",
    "refused: over the quota (45047)": lambda one: f"{one.ledger['over_quota']:,}",
    "refused for other reasons": lambda one: f"{_others(one):,}",
    "doubled": lambda one: f"{max(one.doubled, one.ledger['duplicates']):,}",
    "arrived after later news of the flight": lambda one: f"{one.backwards:,}",
    "late, half of the news": lambda one: _span(percentile(one.late, 0.5)),
    "late, 99 of 100": lambda one: _span(percentile(one.late, 0.99)),
    "late, 99 of 100 decisive": lambda one: _span(percentile(one.decisive_late, 0.99)),
    "travellers who got nothing of what they were owed": lambda one: f"{one.empty_handed:,}",
}
