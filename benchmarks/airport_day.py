"""`python -m benchmarks.airport_day`: the same day with wxbot and without, and a page about it in docs/."""

import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from benchmarks.day import Day, make_day
from benchmarks.flights import Flight
from benchmarks.naive import naive
from benchmarks.play import Progress as Tell
from benchmarks.play import Side, play
from benchmarks.plot import plot
from benchmarks.report import PICTURE, Run, page
from benchmarks.score import Score
from benchmarks.stage import Stage, staged
from benchmarks.wxbot_side import wxbot_side

SIDES: dict[str, Callable[[Stage, Mapping[str, Flight]], AbstractContextManager[Side]]] = {
    "wxbot": wxbot_side,
    "naive": naive,
}
_DOCS = Path(__file__).parents[1] / "docs"
_BEFORE = 60  # seconds of the day in which the processes start


@click.command()
@click.option("--flights", default=300, show_default=True)
@click.option("--travellers", default=20_000, show_default=True)
@click.option("--seed", default=7, show_default=True, help="Another seed, another day.")
@click.option(
    "--into",
    default=_DOCS,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the page and its picture go; docs/ if not given.",
)
def airport_day(flights: int, travellers: int, seed: int, into: Path) -> None:
    """Play a day of flights and travellers with wxbot and naively, and write a page about both."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends the processes and clears the memory they use
    began, commit, scores = time.monotonic(), _commit(), {}
    day = make_day(flights, travellers, seed)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns) as progress:
        for name in SIDES:
            task = progress.add_task(name, total=None)
            scores[name] = one_run(name, day, partial(_show, progress, task))
    run = Run(flights, travellers, seed, _today(), commit, _machine(), time.monotonic() - began)
    text = page(scores, run)
    (into / "airport-day.md").write_text(text, "utf-8")
    (into / PICTURE).write_text(plot(scores), "utf-8")
    click.echo(text.partition("![")[0])


def _show(progress: Progress, task: TaskID, done: int, total: int) -> None:
    progress.update(task, completed=done, total=total)


def one_run(name: str, day: Day, tell: Tell) -> Score:
    """Play the day with one of SIDES, in processes of its own."""
    with staged(day.moments()[0].at - _BEFORE) as stage:
        try:
            with SIDES[name](stage, day.flights) as side:
                return play(day, stage, side, tell)
        except Exception:
            click.echo(stage.last_messages(), err=True)
            raise


def _today() -> str:
    return f"{datetime.now(UTC):%Y-%m-%d}"


def _commit() -> str:
    asked = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=_DOCS)
    return asked.stdout.strip() or "unknown"


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"


if __name__ == "__main__":
    airport_day()
