"""A text push in, a text reply out: CPU of the server's processes for each, beside bare Flask and beside rivals."""

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import click

from benchmarks.speed.load import load
from benchmarks.speed.page import WRITE, tell
from benchmarks.speed.servers import Server, Side, on_cores, python_for, running, wxbot
from benchmarks.speed.spread import spread, times
from benchmarks.svg import bars
from wxbot.store.migrate import migrate

_RIVALS = "benchmarks.speed.rivals"
WEROBOT, WECHATPY = ("werobot==1.13.1",), ("wechatpy==1.8.18", "cryptography")
SIDES = (
    Side("bare Flask view", f"{_RIVALS}.bare:app"),
    Side("the same, which waits 4 ms", f"{_RIVALS}.waiting:app"),
    Side("Flask, verify, lxml", f"{_RIVALS}.verified:app"),
    Side("the same, with one row stored", f"{_RIVALS}.storing:app", environment={"STORE": "pushes.db"}),
    Side("wechatpy, nothing stored", f"{_RIVALS}.wechatpy_app:app", WECHATPY),
    Side("WeRoBot, nothing stored", f"{_RIVALS}.werobot_app:app", WEROBOT),
    Side("WeRoBot, SQLite sessions", f"{_RIVALS}.werobot_app:app", WEROBOT, {"SESSIONS": "1"}),
)
_CONNECTIONS = 32
_WARM = 2.0  # seconds
_AIM = 1.35  # times bare Flask


@dataclass
class Measured:
    """What one side did in each round."""

    cpu: list[float] = field(default_factory=list)  # microseconds for a push
    rate: list[float] = field(default_factory=list)  # pushes a second
    p99: list[float] = field(default_factory=list)  # milliseconds
    unanswered: int = 0


@click.command()
@click.option("--seconds", default=6.0, show_default=True, help="For each side in each round.")
@click.option("--rounds", default=5, show_default=True)
@click.option("--only", default="", help="Besides bare Flask, only sides whose name holds this.")
@WRITE
def push_in(seconds: float, rounds: int, only: str, write: bool) -> None:
    """Measure each side in turns, and print a table."""
    with tempfile.TemporaryDirectory(prefix="wxbot-speed-") as name, ExitStack() as stack:
        folder = Path(name)
        url = f"sqlite:///{folder / 'wxbot.db'}"
        migrate(url)
        environments = Path(".venv/rivals").absolute()
        sides = [
            side
            for side in (*SIDES, on_cores(SIDES[0]), wxbot(url), wxbot(url, "quick"), on_cores(wxbot(url)))
            if side is SIDES[0] or only in side.name
        ]
        servers = [stack.enter_context(running(side, python_for(side, environments), folder)) for side in sides]
        measured = {server.side.name: Measured() for server in servers}
        for number in range(rounds + 1):
            for server in servers:
                length = seconds if number else _WARM
                _round(server, measured[server.side.name], number, length)
    _tell(measured, write=write)


def _round(server: Server, measured: Measured, number: int, seconds: float) -> None:
    server.check()
    before = server.cpu()
    answers = load(server.port, connections=_CONNECTIONS, seconds=seconds, first=number * 10_000_000)
    spent = server.cpu() - before
    if number:  # the first round only warms
        measured.cpu.append(spent / len(answers.took) * 1e6 if answers.took else float("inf"))
        measured.rate.append(len(answers.took) / seconds)
        measured.p99.append(answers.at(0.99) * 1000)
        measured.unanswered += answers.unanswered


def _tell(measured: dict[str, Measured], *, write: bool) -> None:
    base = measured["bare Flask view"]
    lines = [
        "| | CPU µs a push | × bare Flask | pushes a second | p99 ms | × bare Flask | unanswered |",
        "|---|---|---|---|---|---|---|",
    ]
    ratios = {name: times(one.cpu, base.cpu) for name, one in measured.items()}
    for name, one in measured.items():
        late = times(one.p99, base.p99)
        lines.append(
            f"| {name} | {spread(one.cpu, '.0f')} | {spread(ratios[name], '.2f')} | {spread(one.rate, '.0f')} | "
            f"{spread(one.p99, '.0f')} | {spread(late, '.2f')} | {one.unanswered} |"
        )
    tell("push-in", lines, write=write, picture=bars("CPU for a push, times a bare Flask view", ratios, _AIM))


if __name__ == "__main__":
    push_in()
