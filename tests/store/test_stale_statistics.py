"""What PostgreSQL counted, while the queue was empty or while it was full, and what it does with a full one."""

import pytest

from wxbot.protocol.outgoing import FollowUp
from wxbot.store import contacts, lanes, outbox, to_come, topics
from wxbot.store.engine import Store, Transaction

NOW = 1_800_000_000.0
EVERYBODY = [f"o{number:04}" for number in range(2000)]
MINE = {"account": "default", "openid": "o0077", "since": NOW, "until": NOW, "now": NOW, "ready_at": NOW}


@pytest.fixture
def full(store: Store) -> Store:
    """A store of 2,000 users who had a message each, was counted then, and has another for each of them now."""
    for number in range(2):
        new = FollowUp(message='{"msgtype":"text","text":{"content":"hi"}}', due_at=NOW, key=f"{number}")
        store.write(lambda tx, new=new: outbox.insert_many(tx, "default", EVERYBODY, new, origin="test", now=NOW))  # type: ignore[misc]
        if number == 0:
            store.write(lambda tx: tx.change("UPDATE followups SET state = 'sent'"))
            store.write(lambda tx: tx.change("UPDATE lanes SET wake_at = NULL"))
            store.write(lambda tx: tx.change("ANALYZE"))
    return store


def plan_of(store: Store, statement: str, **bound: object) -> str:
    return "\n".join(str(row[0]) for row in store.write(lambda tx: tx.rows("EXPLAIN " + statement, **bound)))


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)  # SQLite counts nothing by itself
@pytest.mark.parametrize(
    "statement", [to_come._DECISIVE, outbox.OWED[True], outbox._HELD, outbox._WAITING, outbox._CANCEL_ALL]
)
def test_what_is_one_users_is_looked_for_among_what_is_theirs(full: Store, statement: str) -> None:
    plan = plan_of(full, statement, **MINE, state="cancelled", reason="", history="")

    assert "openid = 'o0077'" in plan
    assert "Seq Scan" not in plan
    assert all("Index Scan using followups_user" in line or "followups_key" in line
               for line in plan.splitlines() if "Scan" in line)  # fmt: skip


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_claim_and_the_look_before_it_walk_no_table(full: Store) -> None:
    full.write(lambda tx: tx.change("ANALYZE"))
    claim = lanes._CLAIM[True].format(which="")
    bound = {"account": "default", "now": NOW, "clock": 0.0, "boot": "b"}

    assert "Seq Scan" not in plan_of(full, claim, **bound, rank=2, owner="a", limit=64, lease_until=9.0)
    assert "Seq Scan" not in plan_of(full, lanes._DUE_RANKS.format(which=""), **bound)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_chunk_of_a_fan_out_walks_no_table_from_its_beginning(full: Store) -> None:
    def known(tx: Transaction) -> None:
        for openid in EVERYBODY:
            contacts.seen(tx, "default", openid, NOW, None)
            topics.subscribe(tx, "default", "news", openid, NOW)

    full.write(known)
    full.write(lambda tx: tx.change("ANALYZE"))
    plan = plan_of(full, contacts._AUDIENCE, account="default", topic="news", after="o1900", until=NOW, limit=50)

    assert "Seq Scan" not in plan
    assert all("openid" in line for line in plan.splitlines() if "Index Cond" in line)
