"""A user who has had thousands of messages costs a push no more than one who has had a few."""

from collections.abc import Iterator
from typing import Any

import pytest

from wxbot.protocol.outgoing import FollowUp
from wxbot.store import outbox, pushes
from wxbot.store.engine import Store, Transaction
from wxbot.store.pushes import Arrival

NOW = 1_800_000_000.0
FEW, MANY = 60, 600


def live_for_long(tx: Transaction, openid: str, count: int) -> None:
    """Let a user have written so often, and have heard as often."""
    for number in range(count):
        at = NOW - 1_000_000 + number
        pushes.insert(tx, Arrival("default", f"{openid} {number}", openid, at, b"<xml/>"))
        heard = FollowUp(message='{"msgtype":"text","text":{"content":"hi"}}', due_at=at)
        outbox.insert(tx, "default", openid, heard, origin="test", now=at)
    tx.change("UPDATE followups SET state = 'sent', spent = 'message:9' WHERE openid = :openid", openid=openid)


@pytest.fixture
def lived(store: Store) -> Store:
    for openid, count in (("few", FEW), ("many", MANY)):
        store.write(lambda tx, openid=openid, count=count: live_for_long(tx, openid, count))  # type: ignore[misc]
    if store.postgresql:
        store.write(lambda tx: tx.change("ANALYZE"))
    return store


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from nodes(each)


def looked_at(store: Store, statement: str, **bound: object) -> float:
    """Return what a statement did: on PostgreSQL the rows it met, on SQLite the steps of its program."""
    if store.postgresql:
        told = store.write(lambda tx: tx.rows("EXPLAIN (ANALYZE, FORMAT JSON) " + statement, **bound))
        met = ("Actual Rows", "Rows Removed by Filter")
        return float(sum(each.get(kind, 0) for each in nodes(told[0][0][0]["Plan"]) for kind in met))
    steps = [0]

    def count() -> int:
        steps[0] += 1
        return 0

    def work(tx: Transaction) -> None:
        tx._cursor.connection.set_progress_handler(count, 1)
        tx.rows(statement, **bound)
        tx._cursor.connection.set_progress_handler(None, 1)

    store.write(work)
    return steps[0]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # PostgreSQL's planner is not to be trusted with it
def test_a_push_does_not_count_what_went_out_long_ago(lived: Store) -> None:
    asked = {"account": "default", "since": NOW - 600}

    few = looked_at(lived, outbox.OWED[False], openid="few", **asked)

    assert 0 < looked_at(lived, outbox.OWED[False], openid="many", **asked) < few * 1.2


def test_a_receipt_is_not_looked_for_among_old_pushes(lived: Store) -> None:
    asked = {"account": "default", "since": NOW - 600, "limit": 50}

    few = looked_at(lived, pushes._LATEST, openid="few", **asked)

    assert 0 < looked_at(lived, pushes._LATEST, openid="many", **asked) < few * 1.2
