"""Figure 12: hundreds of slow clients, through the shipped nginx configuration and straight at gunicorn."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.deployment import GUNICORN, Deployment, deployed, is_ready
from benchmarks.figure import Figure, Run
from benchmarks.hostile import crowd
from benchmarks.nginx import installed, nginx
from benchmarks.serving import free_port

_STRAIGHT = 3  # honest pushes tried straight at gunicorn, where each may take 15 s to fail


@dataclass
class Honest:
    """What became of honest pushes."""

    pushes: int = 0
    unanswered: int = 0
    tried_again: int = 0
    slowest: float = 0.0  # seconds

    def write(self, place: Deployment, user: str, number: int) -> None:
        """Let a user write, and keep what the platform tells of it."""
        began = time.monotonic()
        told = place.post(f"/sim/users/{user}/actions", {"type": "text", "content": f"order {number}"})
        self.slowest = max(self.slowest, time.monotonic() - began)
        self.pushes += 1
        self.unanswered += told["reply"] is None
        self.tried_again += len(told["attempts"]) > 1


@contextmanager
def behind_nginx(place: Deployment) -> Iterator[None]:
    """Put nginx where the platform delivers, and gunicorn behind it."""
    behind = free_port()
    with nginx(place.folder / "nginx", place.port, behind, buffers=place.bug != "no_buffering"):
        place.start(*GUNICORN, WXBOT_BIND=f"127.0.0.1:{behind}")
        place.until(lambda: is_ready(f"127.0.0.1:{behind}"))
        yield


def written(place: Deployment, pushes: int, slow: int) -> Honest:
    """Return what becomes of so many honest pushes among so many slow clients."""
    honest, user = Honest(), place.post("/sim/users")["openid"]
    with crowd(place.port, slow):
        for number in range(pushes):
            honest.write(place, user, number)
    return honest


def slow_clients(run: Run, figure: Figure) -> None:
    """400 slow sockets; behind nginx every honest push is answered, without it what happens is told."""
    slow, pushes = run.size(400, 60), run.size(300, 20)
    assert installed(), "nginx is not installed: apt-get install nginx-light"
    url, folder = next(run.stores())  # the store has no part in it
    with deployed(url, folder, run.surroundings()) as place, behind_nginx(place):
        _tell(figure, "", written(place, pushes, slow))
    (folder / "straight").mkdir()
    with deployed(url, folder / "straight") as place:
        place.web()
        _tell(figure, "straight at gunicorn: ", written(place, _STRAIGHT, slow))
    figure.count("slow sockets", slow)
    for name in ("unanswered", "tried again"):
        figure.judge(name, at_most=0)
    figure.note = (
        "Without a proxy that buffers, slow clients hold gunicorn's threads: it is not to stand in the open."
    )


def _tell(figure: Figure, where: str, honest: Honest) -> None:
    figure.count(f"{where}pushes", honest.pushes)
    figure.count(f"{where}unanswered", honest.unanswered)
    figure.count(f"{where}tried again", honest.tried_again)
    figure.count(f"{where}slowest, ms", round(honest.slowest * 1000))
