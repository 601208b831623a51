"""Processes that start in milliseconds: forked from a server that has imported everything.

So 200 senders can be killed in a minute. They run what `wxbot sender` and `wxbot simulator` run.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Event
from pathlib import Path

from benchmarks import sabotage
from benchmarks.serving import free_port
from wxbot import wiring
from wxbot.clock import SharedClock
from wxbot.opening import from_environment
from wxbot.simulator.app import SimulatorConfig, create_simulator
from wxbot.simulator.serving import SimulatorServer
from wxbot.simulator.timeline import OwnClock

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(
    ["benchmarks.figures.kills", "gunicorn.workers.gthread", "psycopg", "sqlalchemy.dialects.postgresql.psycopg"]
)


_START_WITHIN = 30.0  # seconds; only a failing run waits so long


@contextmanager
def simulated(config: SimulatorConfig, clock: Path | None, host: str) -> Iterator[str]:
    """Run the platform while the block runs, by a clock of its own or that of a file; yields its address."""
    address, ready = f"{host}:{free_port()}", _forks.Event()
    process = _forks.Process(target=_simulate, args=(config, clock, address, ready))
    process.start()
    try:
        if not ready.wait(_START_WITHIN):
            raise TimeoutError("the simulator did not start")
        yield f"http://{address}"
    finally:
        os.kill(process.pid or 0, signal.SIGQUIT)
        process.join()


def _simulate(config: SimulatorConfig, clock: Path | None, address: str, ready: Event) -> None:
    SimulatorServer(
        address, lambda: create_simulator(config, SharedClock(clock) if clock else OwnClock()), ready.set
    ).run()


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
    running = wiring.create_sender(from_environment())
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: running.stop())
    running.run()
