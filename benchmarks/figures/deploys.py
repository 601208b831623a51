"""Figure 13: web and sender are replaced again and again while users write and messages go out."""

import signal
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from benchmarks.deployment import Deployment, deployed, is_ready
from benchmarks.figure import Figure, Run
from benchmarks.figures.kills import judge_pushes

_USERS = 2  # more only make a backlog of follow-ups on two cores
_PAUSE = 0.02  # seconds between a user's pushes


@dataclass
class _Restarter:
    """Replaces both processes of a `wxbot serve` so many times, each time when the last time is over."""

    place: Deployment
    serve: "subprocess.Popen[bytes]"
    wanted: int
    done: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        try:
            for number in range(1, self.wanted + 1):
                self.serve.send_signal(signal.SIGHUP)
                self.place.until(partial(self._replaced, number))
                self.done = number
        finally:
            self.over.set()

    def _replaced(self, times: int) -> bool:
        log = (self.place.folder / "processes.log").read_text()
        return log.count('"process_replaced"') >= 2 * times


def serving(place: Deployment, bug: str | None = None, **environment: str) -> "subprocess.Popen[bytes]":
    """Start `wxbot serve` and wait until its web answers and its sender runs."""
    serve = place.start("benchmarks.sabotage", bug or "none", "wxbot.cli", "serve", **environment)
    log = place.folder / "processes.log"
    place.until(lambda: is_ready(place.environment["WXBOT_BIND"]) and "sender_started" in log.read_text())
    return serve


def restarted_under_load(place: Deployment, times: int, bug: str | None = None) -> tuple[int, list[Any]]:
    """Return how many restarts were done, and for each user what the platform tells of each of their pushes."""
    restarter = _Restarter(place, serving(place, bug), times)
    users = [place.post("/sim/users")["openid"] for _ in range(_USERS)]
    thread = threading.Thread(target=restarter.run)
    thread.start()
    with ThreadPoolExecutor(_USERS) as pool:
        told = list(pool.map(partial(_write, place, restarter), users))
    thread.join()
    return restarter.done, list(zip(users, told, strict=True))


def _write(place: Deployment, restarter: _Restarter, user: str) -> list[Any]:
    answers: list[Any] = []
    while not restarter.over.wait(_PAUSE):
        # Slow ones: few pushes a second, and nearly always one that a process with no patience would cut off.
        action = {"type": "text", "content": f"slow order {len(answers)}"}
        answers.append(place.post(f"/sim/users/{user}/actions", action))
    return answers


def failed(told: Sequence[tuple[str, list[Any]]]) -> int:
    """Return how many deliveries of pushes got no answer; the platform delivers those again."""
    return sum(len(one["attempts"]) - bool(one["reply"]) for _, ones in told for one in ones)


def restarts(run: Run, figure: Figure) -> None:
    """Replace everything twenty times, half on each store."""
    times = run.size(10, 2)
    for url, folder in run.stores():
        with deployed(url, folder, run.surroundings()) as place:
            done, told = restarted_under_load(place, times, run.bug)
            figure.count("rolling restarts", done)
            figure.count("failed webhooks", failed(told))
            judge_pushes(place, figure, [user for user, _ in told], [ones for _, ones in told])
    figure.judge("rolling restarts", at_least=2 * times)
    figure.judge("failed webhooks", at_most=0)
