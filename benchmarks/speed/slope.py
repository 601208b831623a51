"""How memory grows under load: `python -m benchmarks.speed.slope`, ten minutes on SQLite with FULL sync.

In each turn pushes come over many connections, then follow-ups go out. What the largest web worker and the sender
hold in memory is told as it was after a minute and at the end, with the slope of a straight line in between.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import click

from benchmarks.speed.load import load
from benchmarks.speed.page import WRITE, tell
from benchmarks.speed.sending import platform, send, sender
from benchmarks.speed.servers import running, wxbot
from wxbot.store.engine import Store
from wxbot.store.migrate import migrate

_CONNECTIONS = 32
_PUSHES = 6.0  # seconds in a turn
_MESSAGES = 1500  # in a turn
_WARM = 60.0  # seconds until pools have their threads and caches are full
Points = list[tuple[float, float]]  # minutes since the start, MB


@click.command()
@click.option("--minutes", default=10.0, show_default=True)
@WRITE
def slope(minutes: float, write: bool) -> None:
    """Load a web and a sender in turns, and print what they held."""
    web_at: Points = []
    sender_at: Points = []
    pushes = follow_ups = 0
    with tempfile.TemporaryDirectory(prefix="wxbot-slope-") as name, ExitStack() as stack:
        folder = Path(name)
        url = f"sqlite:///{folder / 'wxbot.db'}"
        migrate(url)
        store = stack.enter_context(closing(Store(url)))
        web = stack.enter_context(running(wxbot(url), sys.executable, folder))
        out = stack.enter_context(sender(url, stack.enter_context(platform(folder)), folder / "sender.log"))
        began, turn = time.monotonic(), 0
        while (at := (time.monotonic() - began) / 60) < minutes:
            turn += 1
            pushes += len(load(web.port, connections=_CONNECTIONS, seconds=_PUSHES, first=turn * 10_000_000).took)
            send(store, out, f"oTurn{turn}-", _MESSAGES)
            follow_ups += _MESSAGES
            web_at.append((at, max(web.memory())))
            sender_at.append((at, out.own_memory()))
            click.echo(f"{at:.1f} min: web {web_at[-1][1]:.1f} MB, sender {sender_at[-1][1]:.1f} MB", err=True)
    lines = [
        f"{pushes:,} pushes and {follow_ups:,} follow-ups in {minutes:.0f} minutes.",
        "",
        "| | MB after a minute | at the end | largest | slope, MB an hour |",
        "|---|---|---|---|---|",
    ]
    for who, points in (("largest web worker", web_at), ("sender", sender_at)):
        warm = [point for point in points if point[0] * 60 >= _WARM] or points
        most = max(held for _, held in points)
        lines.append(f"| {who} | {warm[0][1]:.1f} | {warm[-1][1]:.1f} | {most:.1f} | {per_hour(warm):.1f} |")
    tell("slope", lines, write=write)


def per_hour(points: Sequence[tuple[float, float]]) -> float:
    """Return the slope of the straight line nearest to these points of minutes and MB, in MB an hour."""
    minutes, held = zip(*points, strict=True)
    return 60 * statistics.linear_regression(minutes, held).slope if len(points) > 1 else 0.0


if __name__ == "__main__":
    slope()
