"""A fan-out makes room for those who write, and makes haste where nobody does."""

from pathlib import Path

import pytest

from wxbot.clock import SystemClock
from wxbot.delivery.fanout import CHUNK, CHUNK_ALONE, Fanout, publish
from wxbot.protocol.content import Text
from wxbot.protocol.outgoing import FollowUp, message_json
from wxbot.store import contacts, topics
from wxbot.store.engine import Store, Transaction

MADE = "SELECT count(*) FROM followups"


class Clock(SystemClock):
    """The machine's, whose monotonic time stands still until a test moves it."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds


def subscribed(store: Store, count: int, now: float) -> None:
    def work(tx: Transaction) -> None:
        for number in range(count):
            contacts.seen(tx, "default", f"o{number}", now - 9, None)
            topics.subscribe(tx, "default", "news", f"o{number}", now - 9)

    store.write(work)
    publish(store, "default", "news", FollowUp(message=message_json(Text("x")), due_at=now), key="k", now=now)


def made(fanout: Fanout, store: Store) -> int:
    """Return how many follow-ups one step makes."""
    before = store.read(lambda tx: tx.rows(MADE))[0][0]
    assert fanout.step()
    return int(store.read(lambda tx: tx.rows(MADE))[0][0] - before)


def test_a_chunk_is_large_until_another_process_writes_and_again_a_second_later(database: Path) -> None:
    clock, store = Clock(), Store(f"sqlite:///{database}")
    subscribed(store, 3 * CHUNK_ALONE, clock.now())
    fanout = Fanout(store, clock)
    assert made(fanout, store) == CHUNK_ALONE

    web = Store(f"sqlite:///{database}")
    web.write(lambda tx: contacts.seen(tx, "default", "oNew", clock.now(), None))
    web.close()
    assert made(fanout, store) == CHUNK
    clock.seconds += 0.9
    assert made(fanout, store) == CHUNK
    clock.seconds += 0.2
    assert made(fanout, store) == CHUNK_ALONE
    store.close()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_chunk_stays_large_where_writers_do_not_wait_for_each_other(store: Store) -> None:
    clock = Clock()
    subscribed(store, 2 * CHUNK_ALONE, clock.now())
    fanout = Fanout(store, clock)
    assert made(fanout, store) == CHUNK_ALONE
    store.write(lambda tx: contacts.seen(tx, "default", "oNew", clock.now(), None))
    assert made(fanout, store) == CHUNK_ALONE
