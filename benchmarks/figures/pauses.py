"""Figure 4: senders stopped past their lease (SIGSTOP, SIGCONT), and senders whose link to the store is cut."""

import os
import signal
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.deployment import Deployment, deployed
from benchmarks.figure import Figure, Run
from benchmarks.link import Link
from benchmarks.storm import Storm

_LEASE = 3.0  # seconds
_AWAY = 3.6  # seconds a sender is stopped or cut off


@dataclass
class _Fleet:
    """Four senders to stop, and on PostgreSQL two more behind links that can be cut."""

    place: Deployment
    pids: list[int] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)

    def trouble(self, stopped: int) -> None:
        """Stop some senders and cut all links for longer than a lease."""
        victims = self.place.chance.sample(self.pids, stopped)
        for pid in victims:
            os.kill(pid, signal.SIGSTOP)
        for link in self.links:
            link.cut()
        time.sleep(_AWAY)
        for link in self.links:
            link.mend()
        for pid in victims:
            os.kill(pid, signal.SIGCONT)


def pauses(run: Run, figure: Figure) -> None:
    """Three of four senders are stopped at once, again and again; the fourth takes over what they had."""
    rounds = run.size(6, 1)
    for url, folder in run.stores():
        with ExitStack() as stack:
            place = stack.enter_context(deployed(url, folder, run.surroundings(lease=_LEASE)))
            storm = Storm(place)
            storm.meet(run.size(60, 20))
            fleet = _Fleet(place, links=[Link(run.server.socket) for _ in range(2)] if "postgresql" in url else [])
            for link in fleet.links:
                stack.callback(link.close)
                place.sender(WXBOT_DATABASE_URL=link.of(url))
            fleet.pids = [place.sender().pid or 0 for _ in range(4)]
            for _ in range(rounds):
                storm.queue(run.size(6, 4))
                storm.until_more_has_arrived()
                time.sleep(place.chance.uniform(0, 0.2))
                fleet.trouble(3)
            place.until(lambda: storm.waiting() == 0, 120)  # noqa: B023  # waited for at once
            figure.count("pauses", 3 * rounds)
            figure.count("cut links", rounds * len(fleet.links))
            figure.count("late settles, without effect", _stale(folder))
            storm.judge(figure)
    figure.judge("pauses", at_least=6 * rounds)
    figure.judge("cut links", at_least=2 * rounds)


def _stale(folder: Path) -> int:
    return (folder / "processes.log").read_text().count('"settle_stale"')
