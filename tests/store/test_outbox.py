"""The outbox: one follow-up for many users, and what replaces what."""

import pytest

from store.test_lanes import NOW
from wxbot.protocol.outgoing import FollowUp
from wxbot.store import lanes, outbox
from wxbot.store.engine import Store
from wxbot.store.to_come import to_come

USERS = ["oA", "oB", "oC"]


def put_many(store: Store, openids: list[str], *, key: str = "k", coalesce: str | None = None) -> int:
    new = FollowUp(message="{}", due_at=NOW, key=key, coalesce=coalesce, lane="broadcast")
    return store.write(lambda tx: outbox.insert_many(tx, "default", openids, new, origin="test", now=NOW))


def put(store: Store, *, key: str | None, coalesce: str | None = "gate") -> None:
    new = FollowUp(message="{}", due_at=NOW, key=key, coalesce=coalesce)
    store.write(lambda tx: outbox.insert(tx, "default", "oA", new, origin="test", now=NOW))


def states(store: Store) -> list[tuple[str, str]]:
    return [
        (row[0], row[1])
        for row in store.read(lambda tx: tx.rows("SELECT openid, state FROM followups ORDER BY id"))
    ]


def test_one_follow_up_for_many_is_one_row_and_one_lane_for_each(store: Store) -> None:
    assert put_many(store, USERS) == 3

    assert states(store) == [(openid, "queued") for openid in USERS]
    lanes = (
        "SELECT l.openid, l.lane, l.rank, l.wake_at FROM followups f JOIN lanes l ON l.id = f.lane_id ORDER BY f.id"
    )
    assert store.read(lambda tx: tx.rows(lanes)) == [(openid, "broadcast", 3, NOW) for openid in USERS]
    one = store.read(lambda tx: outbox.show(tx, "default", 1))
    assert one is not None
    assert (one.origin, one.key, [step["state"] for step in one.history]) == ("test", "k", ["queued"])


def test_who_has_one_of_the_same_key_gets_no_second(store: Store) -> None:
    put_many(store, ["oB"])

    assert put_many(store, USERS) == 2
    assert put_many(store, USERS) == 0
    assert len(states(store)) == 3


def test_one_for_many_replaces_what_waits_with_the_same_coalesce_but_never_itself(store: Store) -> None:
    put_many(store, ["oA", "oB"], key="old", coalesce="gate")
    put_many(store, ["oA"], key="new", coalesce="gate")
    put_many(store, ["oA"], key="new", coalesce="gate")

    assert states(store) == [("oA", "superseded"), ("oB", "queued"), ("oA", "queued")]


@pytest.mark.parametrize("old", [None, "old"])
@pytest.mark.parametrize("new", [None, "new"])
def test_a_newer_one_replaces_an_older_one_whether_they_have_keys_or_not(
    store: Store, old: str | None, new: str | None
) -> None:
    put(store, key=old)
    put(store, key=new)

    assert states(store) == [("oA", "superseded"), ("oA", "queued")]


@pytest.mark.parametrize(
    ("state", "on_doubt", "lease", "counts"),
    [
        ("queued", "resend", 0.0, True),
        ("claimed", "resend", 30.0, True),
        ("sending", "resend", 30.0, False),  # it has its message
        ("sending", "resend", 10.0, True),  # its sender is gone: it needs another one
        ("sending", "park", 10.0, False),
        ("doubtful", "park", 0.0, False),
    ],
)
def test_a_decisive_follow_up_that_will_need_a_message_is_counted(
    store: Store, state: str, on_doubt: str, lease: float, counts: bool
) -> None:
    new = FollowUp(message="{}", due_at=NOW, priority="decisive", on_doubt=on_doubt)  # type: ignore[arg-type]
    store.write(lambda tx: outbox.insert(tx, "default", "oUser", new, origin="test", now=NOW))
    store.write(lambda tx: tx.change("UPDATE followups SET state = :state", state=state))
    store.write(lambda tx: tx.change("UPDATE lanes SET lease_until = :lease, boot = 'boot'", lease=lease))
    found = store.read(lambda tx: to_come(tx, "default", "oUser", NOW, until=NOW + 1, published_until=NOW + 1))
    free = [
        due_at
        for due_at, lane_id in found.decisive
        if lane_id is None or not store.read(lambda tx: lanes.is_leased(tx, lane_id, clock=20.0, boot="boot"))  # noqa: B023  # run at once
    ]

    assert free == ([NOW] if counts else [])
