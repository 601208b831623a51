"""Fan-out beside chat: `python -m benchmarks.fanout` publishes to 100,000 subscribers and asks meanwhile.

The web (gunicorn) and the sender are processes of their own on one SQLite file with its real disk; pushes
are signed and posted one after another. First comes a fan-out while nobody writes. Idle and busy are measured
in one run, in turns, so that their ratio holds on a noisy machine; the times do not.
"""

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import click
import urllib3

from benchmarks.deployment import Deployment, deployed
from benchmarks.postgres import postgresql
from benchmarks.speed.page import WRITE, tell
from wxbot.delivery.fanout import publish
from wxbot.protocol.content import Text
from wxbot.protocol.outgoing import FollowUp, message_json
from wxbot.protocol.signature import sign
from wxbot.store.engine import Store
from wxbot.store.migrate import migrate

_ASKED = 1500  # pushes while nothing else happens, each time
_FOLLOW = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
INSERT INTO contacts (account, openid, first_at, last_at) SELECT 'default', 'oUser' || i, 0, 0 FROM n"""
_SUBSCRIBE = """
INSERT INTO subscriptions (account, topic, openid, since) SELECT account, 'news', openid, 0 FROM contacts"""
_KNOW = "INSERT INTO topics (account, topic, first_at) VALUES ('default', 'news', 0)"
_HEAD = "| subscribers | seconds | p50 idle, ms | busy | p99 idle, ms | busy | times |"
_RUNNING = "SELECT count(*) FROM publications WHERE state = 'running'"


class Chat:
    """One user after another, each waiting for the answer; keeps how long it took, in seconds."""

    def __init__(self, place: Deployment, first: int) -> None:
        """Count the pushes from `first` on, so that none is a repeat."""
        self._url = f"http://127.0.0.1:{place.port}/wechat"
        self._token = place.environment["WXBOT_TOKEN"]
        self._http, self._count = urllib3.PoolManager(retries=False), first

    def ask(self, goes_on: Callable[[int], bool]) -> list[float]:
        """Ask while `goes_on` says so of the number asked; RuntimeError for anything but an answer."""
        took: list[float] = []
        while goes_on(len(took)):
            self._count += 1
            began = time.perf_counter()
            answer = self._http.request("POST", self._signed(), body=self._push())
            took.append(time.perf_counter() - began)
            if answer.status != 200:
                raise RuntimeError(f"{answer.status} {answer.data[:200]!r}")
        return sorted(took)

    def _signed(self) -> str:
        stamp, nonce = str(int(time.time())), str(self._count)
        return f"{self._url}?signature={sign(self._token, stamp, nonce)}&timestamp={stamp}&nonce={nonce}"

    def _push(self) -> bytes:
        return (
            f"<xml><ToUserName>gh_1</ToUserName><FromUserName>oChat{self._count}</FromUserName>"
            f"<CreateTime>{int(time.time())}</CreateTime><MsgType>text</MsgType>"
            f"<Content>hello</Content><MsgId>{self._count}</MsgId></xml>"
        ).encode()


@click.command()
@click.option("--subscribers", default=100_000, show_default=True)
@click.option("--rounds", default=3, show_default=True, help="Publications; idle is measured before each.")
@click.option("--on-postgresql", is_flag=True, help="Instead of SQLite.")
@WRITE
def fanout(subscribers: int, rounds: int, on_postgresql: bool, write: bool) -> None:
    """Measure a fan-out, and what chat notices of it."""
    with tempfile.TemporaryDirectory(prefix="wxbot-fanout-") as name, ExitStack() as stack:
        url = f"sqlite:///{Path(name) / 'wxbot.db'}"
        if on_postgresql:
            url = stack.enter_context(postgresql()).fresh()
        else:
            migrate(url)
        store = stack.enter_context(closing(Store(url)))
        for statement in (_FOLLOW, _SUBSCRIBE, _KNOW):
            bound = {"count": subscribers} if ":count" in statement else {}
            store.write(lambda tx: tx.change(statement, **bound))  # noqa: B023  # run at once
        with deployed(url, Path(name)) as place:
            place.web()
            place.sender()
            lines = [_HEAD, "|---|---|---|---|---|---|---|", _alone(store, subscribers)]
            lines += [_round(place, store, number, subscribers) for number in range(rounds)]
        tell("fanout", lines, write=write)


def _alone(store: Store, subscribers: int) -> str:
    began = time.perf_counter()
    _publish(store, "alone")
    while store.read(lambda tx: tx.rows(_RUNNING)) != [(0,)]:
        time.sleep(0.1)
    return f"| {subscribers:,}, while nobody writes | {time.perf_counter() - began:.1f} | | | | | |"


def _publish(store: Store, key: str) -> None:
    now = time.time()
    publish(
        store,
        "default",
        "news",
        FollowUp(message=message_json(Text("登机口改为 C25")), due_at=now),
        key=key,
        now=now,
    )


def _round(place: Deployment, store: Store, number: int, subscribers: int) -> str:
    chat = Chat(place, number * 1_000_000)
    chat.ask(lambda asked: asked < 100)  # warm
    idle = chat.ask(lambda asked: asked < _ASKED)
    began = time.perf_counter()
    _publish(store, f"k{number}")
    busy = chat.ask(lambda asked: asked % 20 != 0 or store.read(lambda tx: tx.rows(_RUNNING)) != [(0,)])
    seconds = time.perf_counter() - began
    times = busy[int(len(busy) * 0.99)] / idle[int(len(idle) * 0.99)]
    return (
        f"| {subscribers:,}, beside {len(busy):,} pushes | {seconds:.1f} | {_ms(idle, 0.5)} | {_ms(busy, 0.5)} "
        f"| {_ms(idle, 0.99)} | {_ms(busy, 0.99)} | {times:.2f} |"
    )


def _ms(took: list[float], share: float) -> str:
    return f"{took[int(len(took) * share)] * 1000:.1f}"


if __name__ == "__main__":
    fanout()
