"""`python -m benchmarks.speed.instructions`: what the pure path costs, counted by callgrind, against what is kept.

Instructions and not seconds: the same on a busy machine as on an idle one. They are kept for each Python, whose
own instructions they are; `--record` keeps those of this one.
"""

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import click

from benchmarks.speed.pure_path import PATHS

MARGIN = 1.10  # times what was kept; a little is left for libraries that change
_TIMES = 200
_KEPT = Path(__file__).with_name("instructions.json")
_TOTAL = re.compile(r"^totals: (\d+)$", re.MULTILINE)


def count(path: str) -> int:
    """Return how many instructions one push costs on a path, counted over many."""
    with tempfile.TemporaryDirectory(prefix="wxbot-instructions-") as name:
        into = Path(name) / "callgrind.out"
        valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={into}"]
        command = [*valgrind, sys.executable, "-m", "benchmarks.speed.pure_path", path, str(_TIMES)]
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=300)
        found = _TOTAL.findall(into.read_text())
    return int(found[-1]) // _TIMES


def this_python() -> str:
    """Return what the counts depend on most, besides our code."""
    return (
        f"{platform.machine()} {platform.python_implementation()} {sys.version_info.major}.{sys.version_info.minor}"
    )


def problems(counted: Mapping[str, int], kept: Mapping[str, int]) -> list[str]:
    """Return in words what has become dearer than the margin allows, and what nothing is kept for."""
    found = [f"{path}: nothing is kept for {this_python()}" for path in counted if path not in kept]
    return found + [
        f"{path}: {count:,} instructions a push, {count / kept[path]:.2f} times the {kept[path]:,} kept"
        for path, count in counted.items()
        if path in kept and count > MARGIN * kept[path]
    ]


@click.command()
@click.option("--record", is_flag=True, help="Keep what is counted now, for this Python.")
def instructions(record: bool) -> None:
    """Count the instructions of one push without a store, and compare."""
    everything: dict[str, dict[str, int]] = json.loads(_KEPT.read_text()) if _KEPT.exists() else {}
    kept, counted = everything.get(this_python(), {}), {path: count(path) for path in PATHS}
    for path, number in counted.items():
        click.echo(f"{path}: {number:,} instructions a push; kept: {kept.get(path, 0):,}")
    if record:
        everything[this_python()] = counted
        _KEPT.write_text(json.dumps(everything, indent=2, sort_keys=True) + "\n")
    elif found := problems(counted, kept):
        advice = "Make it cheaper again, or keep the new count with --record and say why in the commit."
        raise click.ClickException("\n".join([*found, advice]))


if __name__ == "__main__":
    instructions()
