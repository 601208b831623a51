"""Two accounts in one deployment, with the same openids, MsgIds and keys: neither reads or writes the other's."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from flow.stage import Stage, senders, settings_for
from simulator.bench import StoppedClock, served
from wxbot.app import create_app
from wxbot.delivery.fanout import publish
from wxbot.delivery.queue import queue
from wxbot.protocol.content import Text
from wxbot.protocol.outgoing import FollowUp, message_json
from wxbot.reply.bot import Bot
from wxbot.reply.context import Context, after
from wxbot.simulator.app import SimulatorConfig, create_simulator
from wxbot.store import apikeys, contacts, outbox, topics
from wxbot.store.engine import Store, Transaction

USERS = ["oAnn", "oBob", "oEve"]
OF = {"default": "A", "second": "B"}  # every text says whose it is
OPERATIONS = 1_000
SEED = 20_261_126


def make_bot() -> Bot:
    bot = Bot()

    @bot.text(r"[AB] order (?P<number>\d+)")
    def order(number: str, ctx: Context) -> str:
        seen = ctx.session["seen"] = ctx.session.get("seen", 0) + 1
        ctx.follow_up(f"{OF[ctx.account]} news {number}", at=after(seconds=60), key=f"order {number}")
        ctx.subscribe("news")
        return f"{OF[ctx.account]} order {number}, number {seen}"

    return bot


@dataclass
class Side:
    """One account: its platform, and what must have become of it."""

    account: str
    stage: Stage
    key: str
    wanted: Counter[tuple[str, str]] = field(default_factory=Counter)  # openid and text of what must be shown
    orders: Counter[str] = field(default_factory=Counter)
    queued: int = 0

    @property
    def letter(self) -> str:
        return OF[self.account]


@contextmanager
def both(url: str) -> Iterator[tuple[Store, list[Side]]]:
    clock = StoppedClock()
    first = SimulatorConfig(rights="48h")
    second = SimulatorConfig(rights="48h", appid="wxfedcba9876543210", secret="s2", token="token2", account="gh_2")
    with (
        served(create_simulator(first, clock)) as one,
        served(create_simulator(second, clock)) as two,
    ):
        settings = settings_for(url, one, first, make_bot(), {})
        more = {"token": second.token, "appid": second.appid, "appsecret": second.secret, "api_base": two}
        of_second = settings.account.model_copy(update={})
        settings = settings.model_copy(
            update={"accounts": {"second": type(of_second).model_validate({**_plain(of_second), **more})}}
        )
        with served(create_app(settings, clock)) as web, closing(Store(url)) as store, senders(settings, clock, 1):
            sides = []
            for account, platform in (("default", one), ("second", two)):
                stage = Stage(
                    clock, settings, platform, f"{web}/wechat" + ("" if account == "default" else f"/{account}")
                )
                stage.post("/sim/settings", {"webhook": stage.webhook})
                for openid in USERS:
                    stage.post("/sim/users", {"openid": openid})
                sides.append(Side(account, stage, _key(store, account, clock.now())))
            yield store, sides


def _plain(account: Any) -> dict[str, Any]:
    kept = ("mode", "rights", "rate", "keep", "join", "hint")
    return {name: getattr(account, name) for name in kept} | {"join": False}


def _key(store: Store, account: str, now: float) -> str:
    return store.write(lambda tx: apikeys.create(tx, account, "test", ["send", "read"], now=now))


def told(side: Side, text: str, **more: Any) -> FollowUp:
    return FollowUp(message=message_json(Text(text)), due_at=side.stage.clock.now(), **more)


def write(store: Store, side: Side, openid: str, number: int) -> None:
    """A user writes; the MsgId is the number in both accounts."""
    text = f"{side.letter} order {number}"
    answer = side.stage.act(openid, "text", content=text, msgid=str(number + 1))
    side.orders[openid] += 1
    assert answer["reply"], answer
    assert answer["reply"]["text"] == f"{text}, number {side.orders[openid]}"
    side.wanted[openid, answer["reply"]["text"]] += 1
    side.wanted[openid, f"{side.letter} news {number}"] += 1


def send(store: Store, side: Side, openid: str, number: int) -> None:
    """A message under a key that the other account uses too."""
    queue(
        store,
        side.account,
        openid,
        told(side, f"{side.letter} sent {number}", key=f"k{number}"),
        origin="cli",
        now=NOW,
    )
    side.wanted[openid, f"{side.letter} sent {number}"] += 1


def call(store: Store, side: Side, openid: str, number: int) -> None:
    """A call of the push API under an Idempotency-Key that the other account uses too."""
    base = side.stage.webhook.split("/wechat")[0] + "/api/v1/accounts"
    headers = {"Authorization": f"Bearer {side.key}", "Idempotency-Key": f"call {number}"}
    text = f"{side.letter} called {number}"
    body = {"openid": openid, "text": text}
    for _ in range(2):
        assert requests.post(f"{base}/{side.account}/messages", json=body, headers=headers).status_code == 202
    other = next(name for name in OF if name != side.account)
    assert requests.get(f"{base}/{other}/contacts", headers=headers).status_code in (403, 404)
    side.wanted[openid, text] += 1


def tell_all(store: Store, side: Side, openid: str, number: int) -> None:
    """A publication to a topic of which the other account has one of the same name."""
    there = store.read(lambda tx: [one.openid for one in topics.subscribers(tx, side.account, "news", limit=99)])
    if not there:
        return
    text = f"{side.letter} told {number}"
    publish(store, side.account, "news", told(side, text), key=f"p{number}", now=side.stage.clock.now())
    side.wanted.update((each, text) for each in there)
    running = "SELECT 1 FROM publications WHERE state = 'running'"
    side.stage.until(lambda: not store.read(lambda tx: tx.rows(running)))  # who subscribes later is not told


def call_off(store: Store, side: Side, openid: str, number: int) -> None:
    """A message that is cancelled before its time; the other account tries first, and cannot."""
    new = FollowUp(message=message_json(Text(f"{side.letter} late {number}")), due_at=side.stage.clock.now() + 1e6)
    made = queue(store, side.account, openid, new, origin="cli", now=NOW)
    other = next(name for name in OF if name != side.account)
    assert store.read(lambda tx: outbox.show(tx, other, made.id)) is None
    assert not store.write(lambda tx: outbox.cancel(tx, other, made.id, 0.0, "by a stranger"))
    assert store.write(lambda tx: outbox.cancel(tx, side.account, made.id, 0.0, "by its own"))


def leave(store: Store, side: Side, openid: str, number: int) -> None:
    """Somebody ends their subscription, and keeps the one in the other account."""
    store.write(lambda tx: topics.unsubscribe(tx, side.account, "news", openid))


NOW = 1_800_000_000.0
DEEDS: list[tuple[Callable[[Store, Side, str, int], None], float]] = [
    (write, 2),
    (send, 6),
    (call, 1),
    (tell_all, 0.2),
    (call_off, 7),
    (leave, 3),
]


@pytest.fixture
def url(request: pytest.FixtureRequest) -> str:
    """SQLite: that each table's key begins with the account is the schema's, and the same on both."""
    return f"sqlite:///{request.getfixturevalue('database')}"


def test_a_thousand_operations_of_two_accounts_never_meet(url: str) -> None:
    chance = random.Random(SEED)
    kinds, weights = zip(*DEEDS, strict=True)
    with both(url) as (store, sides):
        for side in sides:
            for number, openid in enumerate(USERS):
                write(store, side, openid, OPERATIONS + number)
        for number in range(OPERATIONS // 2):
            deed, openid = chance.choices(kinds, weights)[0], chance.choice(USERS)
            for side in chance.sample(sides, 2):
                deed(store, side, openid, number)
        sides[0].stage.clock.advance(61)
        sides[0].stage.until(lambda: not _waiting(store))
        for side in sides:
            shown = Counter((each, text) for each in USERS for text in side.stage.shown(each, "passive", "custom"))
            assert shown == side.wanted
            assert _texts_of_others(store, side) == []


def _waiting(store: Store) -> bool:
    sql = """SELECT (SELECT count(*) FROM followups WHERE state NOT IN ('sent', 'cancelled'))
                  + (SELECT count(*) FROM publications WHERE state = 'running')"""
    return bool(store.read(lambda tx: tx.rows(sql))[0][0])


def _texts_of_others(store: Store, side: Side) -> list[Any]:
    """Rows of an account that hold the other's letter."""
    other = next(letter for account, letter in OF.items() if account != side.account)
    like = f"%{other} %"

    def read(tx: Transaction) -> list[Any]:
        return [
            *tx.rows("SELECT id FROM followups WHERE account = :a AND message LIKE :b", a=side.account, b=like),
            *tx.rows("SELECT id FROM publications WHERE account = :a AND message LIKE :b", a=side.account, b=like),
        ]

    return store.read(read)


def test_a_gate_and_a_token_are_one_accounts_own(url: str) -> None:
    with both(url) as (store, [first, second]):
        for side in (first, second):
            write(store, side, "oAnn", 1)
        first.stage.fault("errcode", errcode=45009, times=1)
        first.stage.clock.advance(61)
        first.stage.until(lambda: second.stage.shown("oAnn", "custom") == ["B news 1"])
        first.stage.until(lambda: store.read(lambda tx: tx.rows("SELECT account FROM gates")) == [("default",)])

        assert first.stage.shown("oAnn", "custom") == []
        tokens = dict(
            store.read(lambda tx: [(row[0], row[1]) for row in tx.rows("SELECT account, token FROM tokens")])
        )
        assert len(set(tokens.values())) == len(tokens) == 2


def test_a_push_that_is_signed_for_one_account_is_refused_by_the_other(url: str) -> None:
    with both(url) as (store, [first, second]):
        query = first.stage.signed(token="Wechat4go")
        body = b"<xml><ToUserName>gh_1</ToUserName></xml>"

        assert requests.post(second.stage.webhook, data=body, params=query).status_code == 403
        found = store.read(lambda tx: contacts.recent(tx, "second", 9))
        assert found == []
