"""Nothing accepted is lost, and nothing is doubled that is not allowed to be, by `kill -9` at any moment."""

import os
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest

from benchmarks.deployment import Deployment, deployed, workers
from wxbot.protocol.content import Text
from wxbot.protocol.outgoing import FollowUp, message_json
from wxbot.protocol.window import UNLIMITED, Grant
from wxbot.store import contacts, outbox
from wxbot.store.engine import Store, Transaction

USERS, EACH, KILLS = 20, 6, 7
THREADS = 2  # of each sender


def _queue(place: Deployment, openids: list[str], on_doubt: str) -> None:
    store, now = Store(place.url), time.time()

    def work(tx: Transaction) -> None:
        for number in range(EACH):
            for openid in openids:
                message = message_json(Text(f"news #{number} {openid}"))
                new = FollowUp(message=message, due_at=now, on_doubt=on_doubt)  # type: ignore[arg-type]
                outbox.insert(tx, "default", openid, new, origin="test", now=now)

    store.write(work)
    store.close()


def _meet(place: Deployment) -> list[str]:
    """Return users whose window is open on the platform and in our store, without a web process."""
    store, now = Store(place.url), time.time()
    openids = []
    for _ in range(USERS):
        openid = place.post("/sim/users")["openid"]
        place.post(f"/sim/users/{openid}/actions", {"type": "text", "content": "hello"})
        grant = Grant("message", UNLIMITED, int(now) + 86_400)
        store.write(partial(contacts.seen, account="default", openid=openid, now=now, grant=grant))
        openids.append(openid)
    store.close()
    return openids


def _arrived(place: Deployment, openids: list[str]) -> list[str]:
    items = [item for openid in openids for item in place.get(f"/sim/users/{openid}/phone")["items"]]
    return [item["text"] for item in items if item["via"] == "custom"]


@pytest.mark.parametrize("on_doubt", ["park", "resend"])
def test_senders_killed_again_and_again_lose_nothing_and_keep_the_order(
    url: str, tmp_path: Path, on_doubt: str
) -> None:
    with deployed(url, tmp_path) as place:
        openids = _meet(place)
        _queue(place, openids, on_doubt)
        place.post("/sim/faults", {"path": "/cgi-bin/message/custom/send", "kind": "delay", "seconds": 0.05})
        senders = [place.start("wxbot.cli", "sender") for _ in range(2)]
        for _ in range(KILLS):
            before = place.get("/sim/ledger")["accepted"]
            place.until(partial(_moved_on, place, before))
            time.sleep(place.chance.uniform(0, 0.1))
            victim = place.chance.randrange(2)
            place.kill(senders[victim])
            senders[victim] = place.start("wxbot.cli", "sender")
        place.until(lambda: _done(place))

        texts = _arrived(place, openids)
        parked = place.rows("SELECT count(*) FROM followups WHERE state = 'doubtful'")[0][0]
        lost = USERS * EACH - len(set(texts)) - parked
        assert lost <= 0
        assert place.get("/sim/ledger")["out_of_order"] == 0
        assert place.rows("SELECT count(*) FROM followups WHERE state NOT IN ('sent', 'doubtful')") == [(0,)]
        [(doubts,)] = place.rows("SELECT sum(attempts + crashes) FROM followups")
        doubled = len(texts) - len(set(texts))
        assert doubled <= (0 if on_doubt == "park" else doubts)


def _moved_on(place: Deployment, before: int) -> bool:
    """Whether more than what was under way has arrived: a message that three kills in a row hit is given up."""
    return _done(place) or bool(place.get("/sim/ledger")["accepted"] > before + 2 * THREADS)


def _done(place: Deployment) -> bool:
    [(waiting,)] = place.rows(
        "SELECT count(*) FROM followups WHERE state IN ('scheduled', 'queued', 'claimed', 'sending')"
    )
    return bool(waiting == 0)


def test_web_workers_killed_again_and_again_answer_every_push_and_do_its_work_once(
    url: str, tmp_path: Path
) -> None:
    with deployed(url, tmp_path) as place:
        web = place.web()
        user = place.post("/sim/users")["openid"]
        replies = []
        for number in range(40):
            if number % 4 == 2:
                place.until(lambda: len(workers(web)) == 2)
                subprocess.run(["kill", "-9", str(place.chance.choice(workers(web)))], check=True)
            replies.append(place.post(f"/sim/users/{user}/actions", {"type": "text", "content": f"order {number}"}))

        assert [reply["reply"]["text"] for reply in replies] == [f"order {number} taken" for number in range(40)]
        kept = [row[0] for row in place.rows("SELECT push_key FROM pushes ORDER BY id")]
        wanted = [str(reply["msgid"]) for reply in replies]
        assert [key.split("|")[2] for key in kept] == wanted
        assert place.rows("SELECT count(*) FROM followups") == [(40,)]


def test_each_worker_keeps_to_a_core_and_who_replaces_it_takes_that(database: Path, tmp_path: Path) -> None:
    with deployed(f"sqlite:///{database}", tmp_path) as place:
        web = place.web(WXBOT_WORKER_CPU_AFFINITY="true")
        ours = sorted(os.sched_getaffinity(0))

        def are_shared_out() -> bool:
            each = [os.sched_getaffinity(pid) for pid in workers(web)]
            return sorted(core for cores in each for core in cores) == sorted([ours[0], ours[1 % len(ours)]])

        for number in range(3):
            place.until(are_shared_out)
            gone = workers(web)[number % 2]
            subprocess.run(["kill", "-9", str(gone)], check=True)
            place.until(lambda gone=gone: gone not in workers(web) and len(workers(web)) == 2)  # type: ignore[misc]


def test_a_push_handed_off_by_a_worker_that_is_killed_is_answered_by_the_sender(url: str, tmp_path: Path) -> None:
    with deployed(url, tmp_path) as place:
        web = place.web()
        place.start("wxbot.cli", "sender")
        user = place.post("/sim/users")["openid"]
        assert place.post(f"/sim/users/{user}/actions", {"type": "text", "content": "sleep"})["reply"] is None
        for pid in workers(web):
            subprocess.run(["kill", "-9", str(pid)], check=True)

        place.until(lambda: _arrived(place, [user]) == ["awake"])
        assert place.rows("SELECT state FROM pushes") == [("answered",)]
