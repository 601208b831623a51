"""Figures 1 and 2: senders and web workers ended by SIGKILL, again and again, half on each store."""

import os
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.deployment import Deployment, deployed, workers
from benchmarks.figure import Figure, Run
from benchmarks.storm import Storm

_REPEAT = 0.5  # seconds before the platform offers a push again: ten times as soon as it does
_PAUSE = 0.06  # seconds between a user's pushes: they are also all delivered once more at the end


def senders(run: Run, figure: Figure) -> None:
    """Two senders; again and again one of them is killed at a random moment of its work and started again."""
    kills = run.size(110, 8)
    for url, folder in run.stores():
        with deployed(url, folder, run.surroundings()) as place:
            storm = Storm(place)
            storm.meet(run.size(100, 20))
            storm.queue(4)
            running = [place.sender() for _ in range(2)]
            for _ in range(kills):
                storm.until_more_has_arrived()
                time.sleep(place.chance.uniform(0, 0.2))
                victim = place.chance.randrange(2)
                running[victim].kill()
                running[victim].join()
                place.senders.remove(running[victim])
                running[victim] = place.sender()
                if storm.waiting() < 3 * len(storm.users):
                    storm.queue(2)
            place.until(lambda: storm.waiting() == 0, 120)  # noqa: B023  # waited for at once
            figure.count("SIGKILLs", kills)
            storm.judge(figure)
    figure.judge("SIGKILLs", at_least=2 * kills)


@dataclass
class _Killer:
    """Kills a random web worker of two each 0.1 to 0.4 s."""

    place: Deployment
    web: Any
    enough: int
    done: int = 0
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while self.done < self.enough and not self.stopped.wait(self.place.chance.uniform(0.1, 0.4)):
            alive = workers(self.web)
            if len(alive) == 2:
                os.kill(self.place.chance.choice(alive), signal.SIGKILL)
                self.done += 1


def web_workers(run: Run, figure: Figure) -> None:
    """Users write all the time; each push is answered and done once, and answered the same when it comes again."""
    kills = run.size(55, 5)
    given = replace(run.surroundings(), repeat_after=_REPEAT)
    for url, folder in run.stores():
        with deployed(url, folder, given) as place:
            web = place.web()
            killer = _Killer(place, web, kills)
            thread = threading.Thread(target=killer.run)
            users = [place.post("/sim/users")["openid"] for _ in range(8)]
            thread.start()
            with ThreadPoolExecutor(len(users)) as pool:
                told = list(pool.map(lambda user: _orders(place, user, killer), users))  # noqa: B023
            thread.join()
            figure.count("SIGKILLs", killer.done)
            judge_pushes(place, figure, users, told)
    figure.judge("SIGKILLs", at_least=2 * kills)


def _orders(place: Deployment, user: str, killer: _Killer) -> list[Any]:
    answers: list[Any] = []
    while not killer.stopped.wait(_PAUSE) and killer.done < killer.enough:
        action = {"type": "text", "content": f"order {len(answers)}"}
        answers.append(place.post(f"/sim/users/{user}/actions", action))
    return answers


def judge_pushes(place: Deployment, figure: Figure, users: list[str], told: list[list[Any]]) -> None:
    """Hold what the phones show against the answered pushes, whose texts are `order 0`, `order 1` and so on."""
    each = [(user, number, one) for user, ones in zip(users, told, strict=True) for number, one in enumerate(ones)]
    answered = [one for one in each if one[2]["reply"]]
    wanted = Counter((user, f"order {number} is on its way #{number}") for user, number, _ in answered)
    figure.count("pushes", len(each))
    figure.count("unanswered", len(each) - len(answered))
    figure.count("tried again", sum(len(one["attempts"]) > 1 for _, _, one in each))
    place.sender()
    figure.count("lost", len(wanted - _shown(place, users)))
    with ThreadPoolExecutor(4) as pool:
        unequal = sum(pool.map(lambda one: _again(place, *one) != one[2]["attempts"][-1]["body"], answered))
    figure.count("done twice", len(_shown(place, users) - wanted))
    figure.count("unequal replies", unequal)
    for name in ("unanswered", "lost", "done twice", "unequal replies"):
        figure.judge(name, at_most=0)


def _shown(place: Deployment, users: list[str]) -> "Counter[tuple[str, str]]":
    """Return what every phone shows when nothing waits any more."""
    look = "SELECT count(*) FROM followups WHERE state IN ('scheduled', 'queued', 'claimed', 'sending')"
    place.until(lambda: place.rows(look) == [(0,)], 120)
    phones = [(user, place.get(f"/sim/users/{user}/phone")["items"]) for user in users]
    return Counter((user, item["text"]) for user, items in phones for item in items if item["via"] == "custom")


def _again(place: Deployment, user: str, number: int, first: Any) -> str:
    """Let the platform deliver a push once more, and return the answer's body."""
    repeat = {"type": "text", "content": f"order {number}", "msgid": first["msgid"], "createtime": first["created"]}
    return str(place.post(f"/sim/users/{user}/actions", repeat)["attempts"][-1]["body"])
