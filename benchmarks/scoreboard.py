"""The scoreboard: `make scoreboard`. Kills, pauses, faults and floods, with the platform's ledger as the judge.

Prints each figure as a line and as a JSON object, and writes the table into docs/reliability.md. Red
exits 1. `--proof` runs each figure's twin instead, with a planted bug that must turn it red.
"""

import argparse
import multiprocessing
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks.figure import Figure, Run, Wanted
from benchmarks.figures import (
    allowance,
    answers,
    crash_points,
    deploys,
    duplicates,
    fuzz,
    kills,
    order,
    pauses,
    slow_clients,
    soak,
    store_faults,
)
from benchmarks.postgres import postgresql
from benchmarks.table import commit, write_table
from wxbot import log
from wxbot.store.migrate import migrate

WANTED = [
    Wanted("1", "senders killed", kills.senders, "resend_after_crash"),
    Wanted("2", "web workers killed", kills.web_workers, "answer_before_commit"),
    Wanted("3", "processes that end at a named point", crash_points.crash_points, "resend_after_crash"),
    Wanted("4", "senders stopped past their lease, links cut", pauses.pauses, "resend_after_crash"),
    Wanted("5", "PostgreSQL crashes, ends sessions, falls silent", store_faults.postgresql, "resend_after_crash"),
    Wanted("6", "SQLite fought over, and without room", store_faults.sqlite_faults, "deferred_begin"),
    Wanted("7", "every push three times at once", duplicates.storm, "no_dedupe"),
    Wanted("8a", "answers of the platform that are no answer", answers.matrix, "timeout_is_busy"),
    Wanted("8b", "a token that all find refused at once", answers.herd, "everybody_refreshes"),
    Wanted("9", "window and quota while clocks move", allowance.allowance, "check_then_send"),
    Wanted("10", "order in conversations, fan-outs under fire", order.order, "newest_first"),
    Wanted("11", "inputs that are almost right", fuzz.fuzz, "str_compare"),
    Wanted("12", "slow clients, through nginx and without", slow_clients.slow_clients, "no_buffering"),
    Wanted("13", "rolling restarts under load", deploys.restarts, "no_drain"),
    Wanted("14", "steady traffic, and what it leaves behind", soak.soak, "leak"),
]

_AT_ONCE = 2  # figures; on two cores more only slow each other down
_LONGEST = ["10", "9", "3", "13"]  # begun first, so that none of them is left for the end
_ALONE = {"14"}  # others' load would be in what it measures


def play(wanted: Sequence[Wanted], *, seed: int, short: bool, proof: bool = False) -> list[Figure]:
    """Make these figures one after another; with `proof` their twins, which must be red."""
    log.configure(quiet=True)
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="wxbot-scoreboard-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        empty = folder / "empty.db"
        migrate(f"sqlite:///{empty}")
        run = Run(seed, short, None, folder, empty, stack.enter_context(postgresql()))
        made = []
        for one in wanted:
            mine = replace(run, folder=folder / one.number, bug=one.twin if proof else None)
            figure = one.measure(mine)
            made.append(_twin(figure, one.twin) if proof else figure)
            print(made[-1].line(), made[-1].json(seed), sep="\n", flush=True)
        return made


def together(wanted: Sequence[Wanted], *, seed: int, short: bool, proof: bool = False) -> list[Figure]:
    """Make figures as `play` does, two at a time.

    Each has a process of its own, and a PostgreSQL that others may not miss. What may not be disturbed comes last.
    """
    apart = {one.number for one in wanted if one.number in _ALONE}
    rest = {one.number for one in wanted} - apart
    beside = [one for one in _LONGEST if one in rest] + sorted(rest - set(_LONGEST))
    make = partial(_one, seed=seed, short=short, proof=proof)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(_AT_ONCE, mp_context=spawn, max_tasks_per_child=1) as pool:
        made = list(pool.map(make, beside))
    return made + play([one for one in wanted if one.number in apart], seed=seed, short=short, proof=proof)


def _one(number: str, *, seed: int, short: bool, proof: bool) -> Figure:
    return play([one for one in WANTED if one.number == number], seed=seed, short=short, proof=proof)[0]


def _twin(figure: Figure, bug: str) -> Figure:
    """Return the verdict on a figure that had to be red."""
    found = figure.broken
    proved = replace(figure, name=f"{figure.name}, with {bug}", broken=[], note="; ".join(found))
    if not found:
        proved.broken.append("the planted bug was not noticed")
    return proved


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scoreboard", description=__doc__)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000, help="repeat a run's choices")
    parser.add_argument("--only", action="append", help="this figure; may be given again")
    parser.add_argument("--short", action="store_true", help="few of everything, and nothing written")
    parser.add_argument("--proof", action="store_true", help="run the twins with their planted bugs")
    chosen = parser.parse_args(arguments)
    print(f"seed {chosen.seed}", flush=True)
    wanted = [one for one in WANTED if not chosen.only or one.number in chosen.only]
    began = time.monotonic()
    made = together(wanted, seed=chosen.seed, short=chosen.short, proof=chosen.proof)
    print(f"{len(made)} figures in {(time.monotonic() - began) / 60:.1f} minutes", flush=True)
    if not chosen.short and not chosen.proof:
        write_table(made, chosen.seed, commit())
    return 1 if any(figure.broken for figure in made) else 0


if __name__ == "__main__":
    sys.exit(main())
