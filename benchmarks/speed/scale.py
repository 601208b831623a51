"""A million contacts and a million scheduled follow-ups: what a push and a follow-up cost beside an empty store.

`python -m benchmarks.speed.scale`, on SQLite with FULL sync. Both stores are measured in turns in one run, in CPU
of the server's processes; how late follow-ups go out, and what the processes hold in memory, is told as well.
"""

import sys
import tempfile
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import click

from benchmarks.score import percentile
from benchmarks.speed.follow_up_out import WARM
from benchmarks.speed.load import load
from benchmarks.speed.page import WRITE, tell
from benchmarks.speed.sending import platform, send, sender
from benchmarks.speed.servers import Server, running, wxbot
from benchmarks.speed.spread import spread, times
from wxbot.protocol.content import Text
from wxbot.protocol.outgoing import FollowUp, message_json
from wxbot.store import outbox
from wxbot.store.engine import Store, Transaction
from wxbot.store.migrate import migrate

_CHUNK = 10_000  # users in one transaction while a store is filled
_LATER = 30 * 86_400  # seconds until the first of the million is due
_CONNECTIONS = 32
_PUNCTUAL = 600  # follow-ups that are due evenly over a while
_LAGS = "SELECT changed_at - due_at FROM followups WHERE id > :behind"
_CONTACTS = """
WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)
INSERT INTO contacts (account, openid, first_at, last_at) SELECT 'default', 'oOld' || i, :now, :now FROM n"""


@dataclass
class _Side:
    """One store, its web, and what it came to in each round."""

    name: str
    database: Path
    web: Server
    push: list[float] = field(default_factory=list)  # microseconds of CPU
    follow_up: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)  # seconds, of each follow-up that was due at its own moment
    sender: float = 0.0  # MB

    def pushes(self, number: int, seconds: float) -> None:
        """Measure pushes for a while."""
        before = self.web.cpu()
        answers = load(self.web.port, connections=_CONNECTIONS, seconds=seconds, first=number * 10_000_000)
        self.push.append((self.web.cpu() - before) / max(len(answers.took), 1) * 1e6)

    def follow_ups(self, address: str, number: int, messages: int, over: float) -> None:
        """Measure a fresh sender: first what it costs, then how late it is."""
        url, log = f"sqlite:///{self.database}", self.database.with_suffix(".log")
        with closing(Store(url)) as store, sender(url, address, log) as server:
            send(store, server, f"oWarm{number}-", WARM)
            before = server.cpu()
            send(store, server, f"oUser{number}-", messages)
            self.follow_up.append((server.cpu() - before) / messages * 1e6)
            behind = send(store, server, f"oPunctual{number}-", _PUNCTUAL, over=over)
            self.late += [float(row[0]) for row in store.read(lambda tx: tx.rows(_LAGS, behind=behind))]
            self.sender = max(self.sender, server.own_memory())


@click.command()
@click.option("--rows", default=1_000_000, show_default=True, help="Contacts, and follow-ups scheduled for them.")
@click.option("--rounds", default=3, show_default=True)
@click.option("--seconds", default=5.0, show_default=True, help="Of pushes to each store in each round.")
@click.option("--messages", default=1500, show_default=True, help="Follow-ups on each store in each round.")
@click.option("--over", default=20.0, show_default=True, help=f"Seconds over which {_PUNCTUAL} more are due.")
@WRITE
def scale(rows: int, rounds: int, seconds: float, messages: int, over: float, write: bool) -> None:
    """Fill one of two stores, measure both in turns, and print a table."""
    with tempfile.TemporaryDirectory(prefix="wxbot-scale-") as name, ExitStack() as stack:
        sides = []
        for told, count in (("empty", 0), (f"{rows:,} of each", rows)):
            folder = Path(name) / str(count)
            folder.mkdir()
            url = f"sqlite:///{folder / 'wxbot.db'}"
            migrate(url)
            _fill(url, count)
            web = stack.enter_context(running(wxbot(url), sys.executable, folder))
            sides.append(_Side(told, folder / "wxbot.db", web))
        address = stack.enter_context(platform(Path(name)))
        for side in sides:
            load(side.web.port, connections=_CONNECTIONS, seconds=2, first=0)  # warms
        for number in range(1, rounds + 1):
            for side in sides:
                side.pushes(number, seconds)
            for side in sides:
                side.follow_ups(address, number, messages, over)
        _tell(sides, write=write)


def _fill(url: str, rows: int) -> None:
    """Store so many contacts, and a follow-up for each that is due in a month; tells how far it is."""
    now = time.time()
    with closing(Store(url)) as store:
        for first in range(1, rows + 1, _CHUNK):
            last = min(rows, first + _CHUNK - 1)
            store.write_behind(partial(_fill_some, first=first, last=last, now=now))
            click.echo(f"\r{last:,} of {rows:,}", nl=last == rows, err=True)


def _fill_some(tx: Transaction, first: int, last: int, now: float) -> None:
    tx.change(_CONTACTS, first=first, last=last, now=now)
    new = FollowUp(message=message_json(Text("CA1501 14:05")), due_at=now + _LATER + first, key=f"k{first}")
    who = [f"oOld{number}" for number in range(first, last + 1)]
    outbox.insert_many(tx, "default", who, new, origin="test", now=now)


def _tell(sides: list[_Side], *, write: bool) -> None:
    base = sides[0]
    lines = [
        "| | CPU µs a push | × empty | CPU µs a follow-up | × empty | late, p50 ms | p99 ms | web MB | sender MB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for side in sides:
        late = [round(1000 * percentile(sorted(side.late), share)) for share in (0.5, 0.99)]
        push, follow_up = (
            spread(times(*both), ".2f") for both in ((side.push, base.push), (side.follow_up, base.follow_up))
        )
        spent, sent = spread(side.push, ".0f"), spread(side.follow_up, ".0f")
        lines.append(
            f"| {side.name} | {spent} | {push} | {sent} | {follow_up} | {late[0]} | {late[1]} | "
            f"{max(side.web.memory()):.0f} | {side.sender:.0f} |"
        )
    tell("scale", lines, write=write)


if __name__ == "__main__":
    scale()
