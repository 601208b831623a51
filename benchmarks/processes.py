"""Senders as processes of their own that start in milliseconds: forked from a server that has imported everything.

So 200 of them can be killed in a minute. They run what `wxbot sender` runs.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from benchmarks import sabotage
from wxbot import app
from wxbot.opening import from_environment

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["benchmarks.figures.kills", "psycopg", "sqlalchemy.dialects.postgresql.psycopg"])


def start_sender(environment: Mapping[str, str], messages: Path, bug: str | None) -> ForkServerProcess:
    """Start a sender in this environment; its standard error is added to a file, its bug planted before it runs."""
    process = _forks.Process(target=_sender, args=(dict(environment), messages, bug), daemon=True)
    process.start()
    return process


def _sender(environment: dict[str, str], messages: Path, bug: str | None) -> None:
    os.environ.clear()
    os.environ.update(environment)
    with messages.open("ab") as opened:
        os.dup2(opened.fileno(), 2)
    sys.path[:0] = environment["PYTHONPATH"].split(os.pathsep)
    sabotage.plant(bug)
    running = app.create_sender(from_environment())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: running.stop())
    running.run()
