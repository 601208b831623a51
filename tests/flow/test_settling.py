"""What went out is settled, whoever else is in the way: later, where it cannot be now, and nobody with it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from flow.stage import HASTY, Stage, senders, staged
from flow.test_sending import put, writer
from wxbot.errors import NoToken
from wxbot.platform.access_token import AccessTokens
from wxbot.reply.bot import Bot
from wxbot.store.connections import BUSY_TIMEOUT
from wxbot.store.engine import Transaction

LANE = "SELECT 1 FROM lanes WHERE openid = :openid FOR UPDATE"
STATES = "SELECT openid, state FROM followups"


def states(stage: Stage) -> dict[str, str]:
    return dict(stage.rows(STATES))


@contextmanager
def held(stage: Stage, work: Callable[[Transaction], Any]) -> Iterator[None]:
    """Do some work in a transaction that ends with the block."""
    store, is_held, go = stage.store(), threading.Event(), threading.Event()

    def hold(tx: Transaction) -> None:
        work(tx)
        is_held.set()
        while not go.wait(1):
            tx.rows("SELECT 1")  # else PostgreSQL ends it

    thread = threading.Thread(target=store.write, args=(hold,))
    thread.start()
    assert is_held.wait(20)
    try:
        yield
    finally:
        go.set()
        thread.join()
        store.close()


def on_their_way(stage: Stage, *faults: str) -> list[str]:
    """Return users to each of whom a message is being sent, which meets with one of these in half a second."""
    users = [writer(stage) for _ in faults]
    for user, fault in zip(users, faults, strict=True):
        stage.fault(fault, seconds=0.5)
        put(stage, user, "one", on_doubt="park")
    stage.until_equal(["sending"] * len(users), stage.states)
    return users


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)  # on SQLite nobody holds a lane of its own
def test_a_lane_that_others_hold_keeps_no_other_message_from_being_settled(still: Stage) -> None:
    with senders(still.settings, still.clock, 1):
        first, second = on_their_way(still, "delay", "delay")
        with held(still, lambda tx: tx.rows(LANE, openid=first)):
            still.until_equal({first: "sending", second: "sent"}, lambda: states(still))
        still.until_equal({first: "sent", second: "sent"}, lambda: states(still))


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)  # on SQLite nobody holds a row of its own
def test_a_claim_that_fails_keeps_nothing_from_being_settled(still: Stage) -> None:
    with senders(still.settings, still.clock, 1):
        users = on_their_way(still, "delay", "delay")
        late = writer(still)
        with held(still, lambda tx: tx.change("LOCK TABLE contacts IN SHARE MODE")):  # nobody's grant can be spent
            put(still, late, "one")
            still.until_equal({*users}, lambda: {who for who, state in states(still).items() if state == "sent"})
        still.until_equal({"sent"}, lambda: {*states(still).values()})


def test_a_token_that_the_store_cannot_give_is_none(still: Stage) -> None:
    """Nothing was sent: a message that waits for it loses no try, and is in no doubt."""

    def tokens(tx: Transaction) -> None:
        if tx.postgresql:
            tx.change("LOCK TABLE tokens IN ACCESS EXCLUSIVE MODE")

    nobody: Any = None  # the platform is not asked
    with closing(still.store()) as store, held(still, tokens), pytest.raises(NoToken, match="the store"):
        AccessTokens(store, still.clock, nobody, "default", "appid", "secret", "stable_token").get()


def test_what_the_store_cannot_settle_now_is_settled_once_it_can(url: str, bot: Bot) -> None:
    """A message that is not settled would go out once more when its lease ends."""

    def all_of_them(tx: Transaction) -> None:
        if tx.postgresql:
            tx.change("LOCK TABLE followups IN EXCLUSIVE MODE")

    with staged(url, bot, sending=False, limit=HASTY) as still, senders(still.settings, still.clock, 1):
        on_their_way(still, "delay", "hang")
        with held(still, all_of_them):
            time.sleep(BUSY_TIMEOUT + 1)
            assert still.states() == ["sending", "sending"]
        still.until_equal(["doubtful", "sent"], lambda: sorted(still.states()))
