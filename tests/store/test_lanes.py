"""Lanes: claimed by one, in order, fenced, and given back when a sender is gone."""

import threading
from functools import partial

import pytest

from wxbot.protocol.outgoing import FollowUp
from wxbot.store import lanes, outbox
from wxbot.store.engine import Store, Transaction
from wxbot.store.lanes import Head, Lane, Lease, Move
from wxbot.store.outbox import RANK

NOW = 1_800_000_000.0


def put(store: Store, openid: str = "oUser", due_at: float = NOW, lane: str = "followup") -> int:
    new = FollowUp(message='{"msgtype":"text","text":{"content":"hi"}}', due_at=due_at, lane=lane)
    return store.write(lambda tx: outbox.insert(tx, "default", openid, new, origin="test", now=NOW))[0]


def lease(owner: str, *, clock: float = 0.0, boot: str = "boot", seconds: float = 30.0) -> Lease:
    return Lease(owner, boot, clock, clock + seconds)


def claim(store: Store, by: Lease, *, now: float = NOW, limit: int = 10) -> list[Lane]:
    return store.write(lambda tx: lanes.claim(tx, "default", by, now, limit))


def head(store: Store, lane: Lane, now: float = NOW) -> Head:
    found = store.read(lambda tx: lanes.head(tx, lane, now))
    assert found is not None
    return found


def move(store: Store, lane: Lane, row: Head, to: str, owner: str, **more: object) -> bool:
    step = Move(state=to, **more)  # type: ignore[arg-type]
    return store.write(lambda tx: lanes.move(tx, row, step, owner=owner, claim=lane.claim, now=NOW))


def test_a_lane_is_claimed_by_one_sender_only(store: Store) -> None:
    put(store)

    assert len(claim(store, lease("a"))) == 1
    assert claim(store, lease("b")) == []


def test_nothing_is_claimed_before_it_is_due(store: Store) -> None:
    put(store, due_at=NOW + 1)

    assert claim(store, lease("a")) == []
    assert len(claim(store, lease("a"), now=NOW + 1)) == 1


def test_a_lane_is_free_again_when_its_lease_is_over_or_the_machine_was_booted_anew(store: Store) -> None:
    put(store, "oOne")
    put(store, "oTwo")
    claim(store, lease("a"))

    assert claim(store, lease("b", clock=29.9)) == []
    assert len(claim(store, lease("b", clock=30.0))) == 2
    assert len(claim(store, lease("c", clock=30.0, boot="another"))) == 2


def test_one_users_lanes_wait_for_nobody_elses(store: Store) -> None:
    for openid in ("oOne", "oTwo"):
        for lane in ("chat", "followup"):
            put(store, openid, lane=lane)

    assert len(claim(store, lease("a"), limit=3)) == 3
    assert len(claim(store, lease("b"), limit=3)) == 1


def test_chat_is_claimed_before_decisive_before_others_before_broadcasts_whatever_is_due_longest(
    store: Store,
) -> None:
    for age, lane in enumerate(["chat", "decisive", "followup", "broadcast"]):
        for number in range(2):
            put(store, f"o{lane}{number}", due_at=NOW - 60 * age - number, lane=lane)
    order = [claim(store, lease("a"), limit=1)[0].openid for _ in range(8)]

    assert order == [
        "ochat1",
        "ochat0",
        "odecisive1",
        "odecisive0",
        "ofollowup1",
        "ofollowup0",
        "obroadcast1",
        "obroadcast0",
    ]


def test_one_claim_takes_of_every_rank_no_more_than_its_limit(store: Store) -> None:
    for lane in ("broadcast", "followup", "chat"):
        for number in range(2):
            put(store, f"o{number}", lane=lane)

    assert sorted(one.lane for one in claim(store, lease("a"), limit=5)) == [
        "broadcast", "chat", "chat", "followup", "followup",
    ]  # fmt: skip


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # PostgreSQL's planner tells in another form
@pytest.mark.parametrize(
    "statement",
    [
        lanes._CLAIM[False].format(which=""),
        lanes._DUE_RANKS.format(which=""),
    ],
)
def test_a_claim_is_a_probe_of_the_index_and_no_sort(store: Store, statement: str) -> None:
    bound = {"account": "default", "rank": 0, "now": NOW, "clock": 0.0, "boot": "b", "owner": "a"}
    plan = store.read(lambda tx: tx.rows("EXPLAIN QUERY PLAN " + statement, **bound, limit=5, lease_until=9.0))

    assert "lanes_due (account=? AND rank=? AND wake_at<?)" in str(plan)
    assert "TEMP B-TREE" not in str(plan)


def test_what_is_due_in_many_lanes_is_what_each_lane_gives(store: Store) -> None:
    dues = [("oOne", -1), ("oOne", -2), ("oTwo", -1), ("oLater", 1), *(("oMany", -number) for number in range(5))]
    for openid, after in dues:
        put(store, openid, due_at=NOW + after)
    found = claim(store, lease("a"), now=NOW + 1)
    together = store.read(lambda tx: lanes.due_of_each(tx, found, NOW, 3))
    each = {lane.id: store.read(lambda tx, lane=lane: lanes.due(tx, lane, NOW, 3)) for lane in found}  # type: ignore[misc]

    assert sorted(len(some) for some in together.values()) == [1, 2, 3]
    assert together == {id: some for id, some in each.items() if some}


def test_rows_come_by_due_time_then_by_age(store: Store) -> None:
    late, early, twin = put(store, due_at=NOW - 1), put(store, due_at=NOW - 2), put(store, due_at=NOW - 1)
    [lane] = claim(store, lease("a"))
    order = []
    for _ in range(3):
        row = head(store, lane)
        order.append(row.id)
        assert move(store, lane, row, "sent", "a")

    assert order == [early, late, twin]


def test_a_row_tried_again_later_keeps_those_behind_it_waiting(store: Store) -> None:
    first = put(store, due_at=NOW - 2)
    put(store, due_at=NOW - 1)
    [lane] = claim(store, lease("a"))
    move(store, lane, head(store, lane), "queued", "a", ready_at=NOW + 60)
    store.write(lambda tx: lanes.release(tx, lane, "a"))

    assert claim(store, lease("a")) == []
    [again] = claim(store, lease("a"), now=NOW + 60)
    assert head(store, again, NOW + 60).id == first


def test_a_scheduled_row_does_not_hold_up_a_due_one(store: Store) -> None:
    put(store, due_at=NOW + 3600)
    due = put(store, due_at=NOW)
    [lane] = claim(store, lease("a"))

    assert head(store, lane).id == due


def test_a_sender_that_lost_its_lane_changes_nothing(store: Store) -> None:
    put(store)
    [old] = claim(store, lease("a"))
    row = head(store, old)
    assert move(store, old, row, "sending", "a")
    [new] = claim(store, lease("b", clock=31.0))
    taken = head(store, new)
    assert move(store, new, taken, "claimed", "b")

    stale = Head(**{name: getattr(row, name) for name in row.__slots__} | {"state": "sending", "owner": "a"})
    assert not move(store, old, stale, "sent", "a")
    assert not store.write(lambda tx: lanes.extend(tx, old, lease("a", clock=31.0)))
    store.write(lambda tx: lanes.release(tx, old, "a"))
    assert claim(store, lease("c", clock=32.0)) == []


def test_a_lease_that_is_over_cannot_be_extended(store: Store) -> None:
    put(store)
    [lane] = claim(store, lease("a"))

    assert store.write(lambda tx: lanes.extend(tx, lane, lease("a", clock=29.0)))
    assert not store.write(lambda tx: lanes.extend(tx, lane, lease("a", clock=60.0)))


def test_a_row_that_is_being_added_while_its_lane_is_released_is_not_forgotten(store: Store) -> None:
    put(store)
    [lane] = claim(store, lease("a"))
    adding, added = threading.Event(), threading.Event()

    def add(tx: Transaction) -> None:
        new = FollowUp(message='{"msgtype":"text","text":{"content":"hi"}}', due_at=NOW)
        outbox.insert(tx, "default", "oUser", new, origin="test", now=NOW)
        adding.set()
        added.wait(0.5)  # the other transaction waits for us, or has gone by without us

    adder = threading.Thread(target=store.write, args=(add,))
    adder.start()
    adding.wait(20)
    move(store, lane, head(store, lane), "sent", "a")
    store.write(lambda tx: lanes.release(tx, lane, "a"))
    added.set()
    adder.join()

    assert len(claim(store, lease("b"))) == 1


@pytest.mark.parametrize("states", [["sent"], ["held"], ["refused"]])
def test_a_lane_without_anything_waiting_sleeps(store: Store, states: list[str]) -> None:
    put(store)
    [lane] = claim(store, lease("a"))
    for state in states:
        move(store, lane, head(store, lane), state, "a")
    store.write(lambda tx: lanes.release(tx, lane, "a"))

    assert store.read(lambda tx: tx.rows("SELECT wake_at FROM lanes")) == [(None,)]


def test_50000_rows_of_one_user_are_one_claim(store: Store) -> None:
    put(store)
    many = """INSERT INTO followups (account, openid, lane_id, origin, message, due_at, ready_at, on_closed,
                priority, on_doubt, state, changed_at, history)
              WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
              SELECT 'default', 'oUser', (SELECT max(id) FROM lanes), 'test', '{}', i, i, 'hold',
                'normal', 'resend', 'queued', 0, ''
              FROM n"""
    store.write(lambda tx: tx.change(many))
    assert len(claim(store, lease("a"))) == 1
    if store.postgresql:
        return  # its planner tells in another form
    plan = store.read(lambda tx: tx.rows("EXPLAIN QUERY PLAN " + lanes._DUE, lane_id=1, now=NOW, limit=1))

    assert "followups_lane" in plan[0][3]
    assert "TEMP B-TREE" not in str(plan)


def test_while_a_waiting_follow_up_is_replaced_no_sender_claims_any_lane_of_its_user(
    store: Store, url: str
) -> None:
    first, newer = (
        FollowUp(message="{}", due_at=NOW, coalesce="gate", lane=lane) for lane in ("decisive", "followup")
    )
    store.write(lambda tx: outbox.insert(tx, "default", "oUser", first, origin="test", now=NOW))
    other = Store(url)

    def replace(tx: Transaction) -> list[Lane]:
        outbox.insert(tx, "default", "oUser", newer, origin="test", now=NOW)
        return claim(other, lease("a")) if tx.postgresql else []  # SQLite has one writer anyway

    assert store.write(replace) == []
    assert [one.lane for one in claim(other, lease("a"))] == ["decisive", "followup"]
    other.close()


def test_while_a_gate_is_closed_only_lanes_that_may_fall_back_are_claimed(store: Store) -> None:
    put(store, "oHold")
    for due_at, on_closed in ((NOW, "template"), (NOW + 1, "hold")):
        new = FollowUp(message="{}", due_at=due_at, on_closed=on_closed)  # type: ignore[arg-type]
        store.write(partial(outbox.insert, account="default", openid="oFall", new=new, origin="test", now=NOW))
    look = {"now": NOW, "clock": 0.0, "boot": "boot"}
    found = store.write(lambda tx: lanes.claim(tx, "default", lease("a"), NOW, 10, falling=True))

    assert [lane.openid for lane in found] == ["oFall"]
    assert store.read(lambda tx: lanes.due_ranks(tx, "default", **look, falling=True)) == []  # type: ignore[arg-type]
    assert store.read(lambda tx: lanes.due_ranks(tx, "default", **look)) == [RANK["followup"]]  # type: ignore[arg-type]
