"""A follow-up out: CPU of the sender's process for each, claim to settle, beside rivals that store nothing."""

import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

import click

from benchmarks.speed.page import WRITE, tell
from benchmarks.speed.push_in import WECHATPY, WEROBOT
from benchmarks.speed.sending import platform, send, sender
from benchmarks.speed.servers import Side, python_for
from benchmarks.speed.spread import spread, times
from benchmarks.svg import bars
from wxbot.store.engine import Store
from wxbot.store.migrate import migrate

RIVALS = (
    Side("wechatpy", "wechatpy", WECHATPY),
    Side("WeRoBot", "werobot", WEROBOT),
    Side("a requests session", "requests", ("requests",)),
    Side("urllib3", "urllib3", ("urllib3",)),
)
_CALLERS = Path(__file__).parent / "rivals" / "callers.py"
WARM = 200  # messages before the sender's CPU counts: start-up, token, connections


@click.command()
@click.option("--messages", default=3000, show_default=True, help="For each side in each round.")
@click.option("--rounds", default=5, show_default=True)
@WRITE
def follow_up_out(messages: int, rounds: int, write: bool) -> None:
    """Measure each side in turns, and print a table."""
    environments = Path(".venv/rivals").absolute()
    pythons = [python_for(side, environments) for side in RIVALS]
    measured: dict[str, list[float]] = {name: [] for name in (*(side.name for side in RIVALS), "wxbot")}
    with tempfile.TemporaryDirectory(prefix="wxbot-speed-", dir=environments) as name, platform(Path(name)) as at:
        for number in range(rounds):
            for side, python in zip(RIVALS, pythons, strict=True):
                measured[side.name].append(_rival(python, side.app, at, messages))
            measured["wxbot"].append(_wxbot(Path(name) / f"{number}.db", at, messages))
    _tell(measured, write=write)


def _rival(python: str, kind: str, address: str, messages: int) -> float:
    command = [python, str(_CALLERS), kind, address, str(messages)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _wxbot(database: Path, address: str, messages: int) -> float:
    """Return the microseconds of CPU that a fresh sender on a fresh store takes for a message."""
    url = f"sqlite:///{database}"
    migrate(url)
    with closing(Store(url)) as store, sender(url, address, database.with_suffix(".log")) as server:
        send(store, server, "oWarm", WARM)
        before = server.cpu()
        send(store, server, "oUser", messages)
        return (server.cpu() - before) / messages * 1e6


def _tell(measured: dict[str, list[float]], *, write: bool) -> None:
    base = measured["wechatpy"]
    ratios = {name: times(each, base) for name, each in measured.items()}
    lines = ["| | CPU µs a message | × wechatpy |", "|---|---|---|"]
    lines += [
        f"| {name} | {spread(each, '.0f')} | {spread(ratios[name], '.2f')} |" for name, each in measured.items()
    ]
    picture = bars("CPU for a message, times wechatpy, which stores nothing", ratios, 1.0)
    tell("follow-up-out", lines, write=write, picture=picture)


if __name__ == "__main__":
    follow_up_out()
