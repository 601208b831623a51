"""A call of the push API under an Idempotency-Key is done once, by `kill -9` of those who answer it."""

import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import requests

from benchmarks.deployment import Deployment, deployed, workers
from wxbot.store import apikeys, contacts, topics
from wxbot.store.engine import Store

KEYS, AT_ONCE, FEWEST_KILLS = 40, 5, 5


def _key(place: Deployment) -> str:
    store, now = Store(place.url), time.time()
    try:
        store.write(partial(contacts.seen, account="default", openid="oUser", now=now, grant=None))
        store.write(partial(topics.subscribe, account="default", topic="news", openid="oUser", now=now))
        return store.write(lambda tx: apikeys.create(tx, "default", "test", ["send", "publish"], now=now))
    finally:
        store.close()


def _post_until_answered(port: int, bearer: str, number: int) -> bytes:
    """Send a message (even numbers) or publish one (odd numbers)."""
    headers = {"Authorization": f"Bearer {bearer}", "Idempotency-Key": f"order {number}"}
    path = "topics/news/publish" if number % 2 else "messages"
    body = {"text": f"order {number}"} | ({"key": f"k {number}"} if number % 2 else {"openid": "oUser"})
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            url = f"http://127.0.0.1:{port}/api/v1/accounts/default/{path}"
            answer = requests.post(url, json=body, headers=headers, timeout=10)
        except requests.RequestException:
            continue
        if answer.status_code == 202:
            return answer.content
        assert answer.status_code in {429, 503}, answer.text
        time.sleep(0.2)
    raise AssertionError(f"order {number} had no answer in 60 s")


def _kill_again_and_again(
    place: Deployment, web: "subprocess.Popen[bytes]", killed: list[int], enough: threading.Event
) -> None:
    def living() -> list[int]:  # one that was killed is listed until gunicorn has noticed
        return [pid for pid in workers(web) if pid not in killed]

    while not enough.wait(place.chance.uniform(0.1, 0.4)):
        place.until(lambda: len(living()) == 2)
        killed.append(place.chance.choice(living()))
        subprocess.run(["kill", "-9", str(killed[-1])], check=True)


def test_calls_repeated_through_kills_are_done_once_and_all_get_the_same_bytes(url: str, tmp_path: Path) -> None:
    with deployed(url, tmp_path) as place:
        web = place.web()
        bearer, enough = _key(place), threading.Event()
        killed: list[int] = []
        killer = threading.Thread(target=_kill_again_and_again, args=(place, web, killed, enough))
        killer.start()
        numbers = [number for number in range(KEYS) for _ in range(AT_ONCE)]
        by_number: dict[int, set[bytes]] = {number: set() for number in numbers}
        with ThreadPoolExecutor(10) as pool:
            while len(killed) < FEWEST_KILLS or not all(by_number.values()):  # a quick machine asks again
                answers = pool.map(partial(_post_until_answered, place.port, bearer), numbers)
                for number, answer in zip(numbers, answers, strict=True):
                    by_number[number].add(answer)
        enough.set()
        killer.join()

        assert [number for number, given in by_number.items() if len(given) != 1] == []
        for table in ("followups", "publications"):
            kept = place.rows(f"SELECT count(*), count(DISTINCT message) FROM {table}")
            assert kept == [(KEYS // 2, KEYS // 2)]
        assert place.rows("SELECT count(*) FROM idempotency WHERE status = 202") == [(KEYS,)]
