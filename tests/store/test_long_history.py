"""A user who has had hundreds of messages costs a push no more than one who has had a few, on SQLite."""

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


def steps(store: Store, statement: str, **bound: object) -> int:
    """Return how many steps SQLite takes for a statement."""
    taken = 0

    def step() -> int:
        nonlocal taken
        taken += 1
        return 0

    def work(tx: Transaction) -> None:
        tx._cursor.connection.set_progress_handler(step, 1)
        tx.rows(statement, **bound)
        tx._cursor.connection.set_progress_handler(None, 1)

    store.write(work)
    return taken


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # PostgreSQL's planner is not to be trusted with it
@pytest.mark.parametrize(
    ("statement", "more"), [(outbox.OWED[False], {}), (pushes.LATEST[False], {"limit": 50})], ids=["owed", "latest"]
)
def test_what_was_long_ago_is_not_looked_at(store: Store, statement: str, more: dict[str, object]) -> None:
    for openid, count in (("few", FEW), ("many", MANY)):
        store.write(lambda tx: live_for_long(tx, openid, count))  # noqa: B023  # run at once
    asked = {"account": "default", "since": NOW - 600, **more}

    few = steps(store, statement, openid="few", **asked)

    assert 0 < steps(store, statement, openid="many", **asked) < few * 1.2
