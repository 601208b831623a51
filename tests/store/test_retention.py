"""Retention: what is over and old goes, what still counts stays, and no number comes to mean something else."""

from collections.abc import Mapping

import pytest

from simulator.bench import StoppedClock
from store.test_lanes import NOW, claim, head, lease, move, put
from wxbot.delivery.erasing import erase
from wxbot.delivery.pruning import Keep, Pruning
from wxbot.protocol.outgoing import FollowUp
from wxbot.store import contacts, lanes, outbox, plans, publications, pushes, retention, topics
from wxbot.store.engine import Store, Transaction
from wxbot.store.plans import Kept
from wxbot.store.pushes import Arrival

DAY = 86_400.0
FOR_EVER: Mapping[str, float | None] = dict.fromkeys(
    ("pushes", "follow_ups", "publications", "plans", "unfollowed", "media")
)
LATER = NOW + 10 * DAY


def prune(store: Store, *, now: float = LATER, **days: float) -> None:
    """Delete all that is older than so many days, slice by slice."""
    clock = StoppedClock()
    clock.seconds = now
    pruning = Pruning(store, clock, Keep(**{**FOR_EVER, **{name: DAY * count for name, count in days.items()}}))
    while pruning.step():
        pass


def rows(store: Store, sql: str) -> list[tuple[object, ...]]:
    return store.read(lambda tx: tx.rows(sql))


def arrive(store: Store, key: str, at: float = NOW, state: str = "answered", openid: str = "oUser") -> None:
    store.write(lambda tx: pushes.insert(tx, Arrival("default", key, openid, at, b"<xml/>", state)))


def settle(store: Store, to: str, openid: str = "oUser") -> int:
    """Put a follow-up, and let a sender bring it to an end; return its id."""
    id = put(store, openid)
    [lane] = claim(store, lease("a"))
    assert move(store, lane, head(store, lane), to, "a")
    store.write(lambda tx: lanes.release(tx, lane, "a"))
    return id


def publish(store: Store, topic: str, key: str, state: str, *, step: str | None = None) -> int:
    new = FollowUp(message="{}", due_at=NOW)

    def work(tx: Transaction) -> int:
        id, _ = publications.insert(tx, "default", topic, key, new, now=NOW, step=step)
        tx.change("UPDATE publications SET state = :state WHERE id = :id", state=state, id=id)
        return id

    return store.write(work)


def follow(store: Store, *openids: str, topic: str | None = None, at: float = NOW) -> None:
    for openid in openids:
        store.write(lambda tx: contacts.seen(tx, "default", openid, at, None))  # noqa: B023  # run at once
        if topic is not None:
            store.write(lambda tx: topics.subscribe(tx, "default", topic, openid, at))  # noqa: B023


def plan(store: Store, topic: str, moment: float | None, at: float = NOW) -> None:
    def work(tx: Transaction) -> None:
        plans.hold(tx, "default", topic, at)
        plans.keep(tx, "default", topic, Kept(moment, {}, "{}"), at)

    store.write(work)


def test_old_pushes_go_and_young_ones_stay(store: Store) -> None:
    for number in range(120):
        arrive(store, f"old {number}")
    arrive(store, "young", LATER - DAY)
    arrive(store, "newest", LATER)

    prune(store, pushes=1.1)

    assert rows(store, "SELECT push_key FROM pushes ORDER BY id") == [("young",), ("newest",)]


def test_a_push_that_is_still_being_handled_stays_however_old(store: Store) -> None:
    arrive(store, "at work", state="handed_off")
    arrive(store, "done")
    arrive(store, "newest")

    prune(store, pushes=1)

    assert rows(store, "SELECT push_key FROM pushes ORDER BY id") == [("at work",), ("newest",)]


@pytest.mark.parametrize("state", ["sent", "refused", "doubtful", "expired", "cancelled", "superseded"])
def test_a_settled_follow_up_goes_with_the_lane_that_nothing_is_left_in(store: Store, state: str) -> None:
    settle(store, state, "oGone")
    put(store, "oNewest")

    prune(store, follow_ups=3)

    assert rows(store, "SELECT openid FROM followups") == [("oNewest",)]
    assert rows(store, "SELECT openid FROM lanes") == [("oNewest",)]


@pytest.mark.parametrize("state", ["scheduled", "queued", "claimed", "sending", "held"])
def test_what_is_not_settled_stays_however_old_and_so_does_its_lane(store: Store, state: str) -> None:
    settle(store, state, "oWaits")
    put(store, "oNewest")

    prune(store, follow_ups=3)

    assert rows(store, "SELECT openid, state FROM followups ORDER BY id")[0] == ("oWaits", state)
    assert ("oWaits",) in rows(store, "SELECT openid FROM lanes")


def test_a_lane_stays_while_something_is_held_in_it(store: Store) -> None:
    settle(store, "sent", "oUser")
    settle(store, "held", "oUser")
    put(store, "oNewest")

    prune(store, follow_ups=3)
    woken = store.write(lambda tx: outbox.wake_held(tx, "default", "oUser", LATER, LATER))

    assert woken == 1
    assert {one.openid for one in claim(store, lease("b"), now=LATER)} == {"oUser", "oNewest"}


def test_what_an_operator_queued_again_between_the_look_and_the_deletion_stays(store: Store) -> None:
    id = settle(store, "refused")
    put(store, "oNewest")
    before = NOW + DAY
    found = store.read(lambda tx: retention.old(tx, "follow_ups", before, 10))

    store.write(lambda tx: outbox.retry(tx, "default", id, LATER, "again"))

    assert len(found) == 1
    assert store.write(lambda tx: retention.delete(tx, "follow_ups", found, before)) == 0
    assert rows(store, "SELECT count(*) FROM lanes") == [(2,)]


def test_the_key_of_a_follow_up_is_remembered_as_long_as_the_follow_up(store: Store) -> None:
    new = FollowUp(message="{}", due_at=NOW, key="k")

    def again() -> bool:
        return store.write(lambda tx: outbox.insert(tx, "default", "oUser", new, origin="test", now=NOW))[1]

    assert again()
    store.write(lambda tx: outbox.cancel_all(tx, "default", "oUser", NOW, "over"))
    put(store, "oNewest")
    prune(store, follow_ups=11)
    assert not again()
    prune(store, follow_ups=9)
    assert again()


@pytest.mark.parametrize("kind", ["pushes", "follow_ups", "publications"])
def test_the_newest_row_stays_so_that_its_number_never_means_another(store: Store, kind: str) -> None:
    arrive(store, "only")
    settle(store, "sent")
    publish(store, "news", "k", "done")

    prune(store, pushes=1, follow_ups=3, publications=1)

    table = kind.replace("_", "")
    assert rows(store, f"SELECT id FROM {table}") == [(1,)]


def test_publications_that_are_over_go_and_running_ones_stay(store: Store) -> None:
    for state in ("done", "cancelled", "running", "waiting"):
        publish(store, "news", state, state)
    publish(store, "news", "newest", "done")

    prune(store, publications=1)

    assert rows(store, "SELECT key FROM publications ORDER BY id") == [("running",), ("waiting",), ("newest",)]


def test_a_plan_goes_when_all_is_over_with_its_steps_its_subscriptions_and_its_topic(store: Store) -> None:
    follow(store, *(f"o{number}" for number in range(60)), topic="flight")
    plan(store, "flight", NOW)
    publish(store, "flight", "step:boarding", "done", step="boarding")
    publish(store, "flight", "news:gate:1", "done", step="gate")
    publish(store, "other", "newest", "done")

    prune(store, plans=1)

    assert rows(store, "SELECT count(*) FROM plans") == [(0,)]
    assert rows(store, "SELECT key FROM publications") == [("newest",)]
    assert rows(store, "SELECT count(*) FROM subscriptions") == rows(store, "SELECT count(*) FROM topics") == [(0,)]


def test_who_subscribed_lately_keeps_the_topic_of_an_old_plan(store: Store) -> None:
    follow(store, "oOld", topic="flight")
    follow(store, "oNew", topic="flight", at=LATER)
    plan(store, "flight", NOW)

    prune(store, plans=1)

    assert rows(store, "SELECT openid FROM subscriptions") == [("oNew",)]
    assert rows(store, "SELECT topic FROM topics") == [("flight",)]


@pytest.mark.parametrize("still", ["moment", "change", "step"])
def test_a_plan_with_something_to_come_keeps_all_its_steps(store: Store, still: str) -> None:
    follow(store, "oUser", topic="flight")
    plan(store, "flight", LATER if still == "moment" else NOW, LATER if still == "change" else NOW)
    publish(store, "flight", "step:one", "done", step="one")
    publish(store, "flight", "step:two", "running" if still == "step" else "done", step="two")
    publish(store, "other", "newest", "done")

    prune(store, plans=1, publications=1)

    assert rows(store, "SELECT count(*) FROM plans") == [(1,)]
    assert rows(store, "SELECT count(*) FROM publications WHERE topic = 'flight'") == [(2,)]
    assert rows(store, "SELECT count(*) FROM subscriptions") == [(1,)]


def test_who_unfollowed_is_erased_after_their_time_and_who_came_back_is_not(store: Store) -> None:
    for openid in ("oLeft", "oBack", "oLately"):
        follow(store, openid)
        arrive(store, openid, openid=openid)
        store.write(lambda tx: contacts.left(tx, "default", openid, NOW))  # noqa: B023  # run at once
    follow(store, "oBack")
    store.write(lambda tx: contacts.left(tx, "default", "oLately", LATER))

    prune(store, unfollowed=5)

    assert rows(store, "SELECT openid FROM contacts ORDER BY openid") == [("oBack",), ("oLately",)]
    assert rows(store, "SELECT openid FROM pushes ORDER BY openid") == [("oBack",), ("oLately",)]


def test_who_comes_back_while_they_are_erased_keeps_the_rest(store: Store) -> None:
    follow(store, "oBack")
    store.write(lambda tx: contacts.left(tx, "default", "oBack", NOW))
    arrive(store, "m", openid="oBack")
    who = ("default", "oBack", LATER)

    def is_gone() -> bool:
        return store.write(lambda tx: retention.is_still_gone(tx, *who))

    assert is_gone()
    follow(store, "oBack")
    assert not is_gone()
    assert erase(store, "default", "oBack", LATER, still=lambda tx: retention.is_still_gone(tx, *who)) == 0
    assert rows(store, "SELECT openid FROM pushes") == [("oBack",)]


def test_what_is_kept_for_ever_stays(store: Store) -> None:
    arrive(store, "old")
    settle(store, "sent")
    put(store, "oNewest")
    arrive(store, "newest")

    prune(store, now=NOW + 10_000 * DAY)

    assert rows(store, "SELECT count(*) FROM pushes") == rows(store, "SELECT count(*) FROM followups") == [(2,)]
