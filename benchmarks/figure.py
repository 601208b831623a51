"""One figure of the scoreboard: what was measured, and what of it did not hold."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.deployment import Surroundings
from benchmarks.postgres import Server


@dataclass
class Figure:
    """Counts by name, in the order in which they are told; `broken` says which are not as promised."""

    number: str
    name: str
    measured: dict[str, float] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    note: str = ""  # what falls short, or was not tried, and why
    seconds: float = 0.0

    def count(self, name: str, value: float) -> None:
        """Keep a count; of the same name they add up."""
        self.measured[name] = self.measured.get(name, 0) + value

    def judge(self, name: str, *, at_least: float | None = None, at_most: float | None = None) -> None:
        """Hold a count against its bounds."""
        value = self.measured.get(name, 0)
        if at_least is not None and value < at_least:
            self.broken.append(f"{name} {value:g}, wanted at least {at_least:g}")
        if at_most is not None and value > at_most:
            self.broken.append(f"{name} {value:g}, wanted at most {at_most:g}")

    @property
    def told(self) -> str:
        """The counts in one line."""
        return ", ".join(f"{name} {value:,g}" for name, value in self.measured.items())

    def line(self) -> str:
        """The figure in one line for people."""
        verdict = "RED  " if self.broken else "holds"
        return f"{verdict} {self.number:>3} {self.name}: {self.told} ({self.seconds:.0f} s)" + "".join(
            f"\n         {one}" for one in self.broken
        )

    def json(self, seed: int) -> str:
        """The figure as one JSON object."""
        return json.dumps(
            {
                "figure": self.number,
                "name": self.name,
                "seed": seed,
                "holds": not self.broken,
                **self.measured,
                "broken": self.broken,
                "seconds": round(self.seconds, 1),
            }
        )


@dataclass(frozen=True)
class Run:
    """What a figure is run with: how much of it, on which seed, with which bug planted."""

    seed: int
    short: bool
    bug: str | None
    folder: Path
    empty: Path  # a SQLite file with the newest schema
    server: Server

    def size(self, full: int, short: int) -> int:
        """Return how many of something to do."""
        return short if self.short else full

    def surroundings(self, **sender: float) -> Surroundings:
        """Return what a deployment of this run is given, with the sender's settings."""
        return Surroundings(seed=self.seed, bug=self.bug, sender=sender)

    def stores(self, *, keep: bool = False) -> Iterator[tuple[str, Path]]:
        """Yield a fresh database of each kind, and a folder for what belongs to it; `keep` leaves them there."""
        for kind in ("sqlite", "postgresql"):
            place = self.folder / kind
            place.mkdir(parents=True)
            if kind == "postgresql":
                url = self.server.fresh()
                yield url, place
                if not keep:
                    self.server.drop(url)
            else:
                (place / "wxbot.db").write_bytes(self.empty.read_bytes())
                yield f"sqlite:///{place / 'wxbot.db'}", place


Recipe = Callable[[Run, Figure], None]


@dataclass(frozen=True)
class Wanted:
    """A figure to make: how, and which planted bug must turn it red."""

    number: str
    name: str
    recipe: Recipe
    twin: str

    def measure(self, run: Run) -> Figure:
        """Make it; whatever goes wrong on the way makes it red."""
        figure, began = Figure(self.number, self.name), time.monotonic()
        try:
            self.recipe(run, figure)
        except Exception as exc:  # noqa: BLE001  # the border of one figure
            figure.broken.append(f"the run itself failed: {type(exc).__name__}: {exc}"[:2000])
        figure.seconds = time.monotonic() - began
        return figure
