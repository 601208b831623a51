"""Figure 3: a process ends at every named point of its work, the first and the second time it comes there."""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

from benchmarks.deployment import Deployment, deployed
from benchmarks.figure import Figure, Run
from benchmarks.figures.kills import judge_pushes
from benchmarks.sabotage import CRASHED, POINTS
from benchmarks.storm import Storm
from wxbot.simulator.calls import SEND

_PATIENCE = 40.0  # seconds; whoever fetched the token when it ended keeps others from it for 15


def crash_points(run: Run, figure: Figure) -> None:
    """Go through the points on both stores at once, then let clean processes finish the work."""
    parts = [(Figure(figure.number, figure.name), url, folder) for url, folder in run.stores(keep=True)]
    with ThreadPoolExecutor(len(parts)) as pool:
        list(pool.map(lambda part: _on_one_store(run, *part), parts))
    for part, _, _ in parts:
        for name, value in part.measured.items():
            figure.count(name, value)
        figure.broken += part.broken
    figure.judge("points", at_least=2 * (len(POINTS) if run.short else 2 * len(POINTS) - 3))


def _on_one_store(run: Run, figure: Figure, url: str, folder: Path) -> None:
    with deployed(url, folder, run.surroundings(request_limit=1.0, lease=4.5)) as place:
        hits = (1,) if run.short else (1, 2)
        storm = Storm(place)
        storm.meet(40)
        storm.queue(1)
        first = place.sender()  # fetches the token, so that whoever ends at a call ends at a message's
        place.until(lambda: storm.waiting() == 0)
        first.terminate()
        for point, hit in product((name for name in POINTS if name[0] != "W"), hits):
            if point[0] == "T" and hit == 2:
                continue  # the second time is another first
            _end_a_sender(place, figure, storm, point, hit)
        place.sender()
        place.until(lambda: storm.waiting() == 0, 120)
        storm.judge(figure)
        users = [place.post("/sim/users")["openid"]]
        told = [_orders(place, figure, users[0], list(product((n for n in POINTS if n[0] == "W"), hits)))]
        judge_pushes(place, figure, users, told)


def _end_a_sender(place: Deployment, figure: Figure, storm: Storm, point: str, hit: int) -> None:
    storm.queue(1)
    if point[0] == "T":
        place.clear_faults()
        place.post("/sim/faults", {"path": SEND, "kind": "token_killed", "times": 1})
    sender = place.sender(_planted(place, point, hit))
    end = time.monotonic() + _PATIENCE
    while sender.is_alive() and time.monotonic() < end:
        sender.join(0.5)
        if storm.waiting() == 0:
            storm.queue(1)
    if sender.exitcode == CRASHED:
        figure.count("points", 1)
    else:
        figure.broken.append(f"no sender came to {point!r}, time {hit}")
        sender.kill()


def _orders(place: Deployment, figure: Figure, user: str, points: list[tuple[str, int]]) -> list[object]:
    """Let a user write through a web whose worker ends at each point, three messages for each."""
    answers: list[object] = []
    for point, hit in points:
        web = place.web(_planted(place, point, hit))
        for _ in range(3):
            action = {"type": "text", "content": f"order {len(answers)}"}
            answers.append(place.post(f"/sim/users/{user}/actions", action))
        figure.count("points", (place.folder / f"{point} {hit}").exists())
        web.terminate()
        web.wait(20)
        place.processes.remove(web)
    place.web()
    return answers


def _planted(place: Deployment, point: str, hit: int) -> str:
    return "+".join(filter(None, [place.bug, f"crash:{point}:{hit}:{place.folder / f'{point} {hit}'}"]))
