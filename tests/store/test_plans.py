"""Plans and their steps: what each store function promises."""

import threading
from dataclasses import replace

import pytest

from store.test_topics import claim, follow, publish, subscribe
from wxbot.protocol.outgoing import FollowUp
from wxbot.store import plans, publications, to_come
from wxbot.store.engine import Store, Transaction
from wxbot.store.plans import Kept

NOW = 1_800_000_000.0
TOPIC = "flight:CA1501:2026-11-25"


def lay(store: Store, step: str = "gate", due_at: float = NOW + 60) -> int:
    new = FollowUp(message="{}", due_at=due_at)
    return store.write(lambda tx: publications.insert_step(tx, "default", TOPIC, step, new, NOW))


def state(store: Store, step: str = "gate") -> tuple[str, float, bool]:
    one = store.read(lambda tx: publications.steps(tx, "default", TOPIC))[step]
    return one.state, one.due_at, one.is_begun


def awaited(store: Store, openid: str, *, until: float = NOW + 3600) -> list[tuple[str, float]]:
    return awaited_at(store, openid, NOW, until)


def awaited_at(store: Store, openid: str, now: float, until: float) -> list[tuple[str, float]]:
    found = store.read(
        lambda tx: to_come.to_come(tx, "default", openid, now, until=until, published_until=until)
    ).published
    assert {topic for _, _, topic in found} <= {TOPIC}
    return [(priority, due_at) for priority, due_at, _ in found]


def test_a_plan_is_read_as_it_was_kept_and_gone_when_forgotten(store: Store) -> None:
    kept = Kept(NOW, {"gate": "登机口", "belt": "12"}, "{}")

    def work(tx: Transaction) -> Kept:
        found = plans.hold(tx, "default", TOPIC, NOW)
        plans.keep(tx, "default", TOPIC, kept, NOW)
        return found

    assert store.write(work) == Kept(None, {}, "")
    assert store.read(lambda tx: plans.read(tx, "default", TOPIC)) == kept
    assert store.read(lambda tx: plans.read(tx, "another", TOPIC)) is None
    assert store.write(lambda tx: plans.forget(tx, "default", TOPIC))
    assert not store.write(lambda tx: plans.forget(tx, "default", TOPIC))


def test_who_holds_a_plan_changes_it_before_the_next_one_looks(store: Store) -> None:
    def add(tx: Transaction) -> None:
        kept = plans.hold(tx, "default", TOPIC, NOW)
        count = str(int(kept.facts.get("n", "0")) + 1)
        plans.keep(tx, "default", TOPIC, replace(kept, facts={"n": count}), NOW)

    threads = [threading.Thread(target=store.write, args=(add,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = store.read(lambda tx: plans.read(tx, "default", TOPIC))
    assert found is not None
    assert found.facts == {"n": "20"}


def test_a_step_that_nobody_has_can_be_changed_cancelled_and_brought_back(store: Store) -> None:
    id = lay(store)
    assert store.write(lambda tx: publications.cancel(tx, id))
    cancelled = state(store)
    assert not store.write(lambda tx: publications.cancel(tx, id))
    assert claim(store, "a", now=NOW + 60) is None
    assert store.write(lambda tx: publications.change_step(tx, id, FollowUp(message="{}", due_at=NOW + 90)))

    assert cancelled == ("cancelled", NOW + 60, False)
    assert state(store) == ("running", NOW + 90, False)


def test_a_step_that_is_begun_stays_as_it_is(store: Store) -> None:
    half, whole = lay(store, "half"), lay(store, "whole")
    for done in (True, False):
        one = claim(store, "a", now=NOW + 60)
        assert one is not None
        store.write(lambda tx: publications.advance(tx, one, cursor="oA", made=1, done=done))  # noqa: B023  # run at once

    for id in (half, whole):
        assert not store.write(lambda tx: publications.cancel(tx, id))  # noqa: B023  # run at once
        assert not store.write(lambda tx: publications.change_step(tx, id, FollowUp(message="{}", due_at=1)))  # noqa: B023  # run at once
    assert {state(store, name)[2] for name in ("half", "whole")} == {True}


def test_a_users_plans_are_over_when_the_moments_of_all_their_topics_have_passed(store: Store) -> None:
    def plan(topic: str, moment: float | None, plan: str = "{}") -> None:
        store.write(lambda tx: plans.hold(tx, "default", topic, NOW))
        store.write(lambda tx: plans.keep(tx, "default", topic, Kept(moment, {}, plan), NOW))

    def is_over() -> bool:
        return store.read(lambda tx: plans.are_over(tx, "default", "oUser", NOW))

    follow(store, "oUser")
    assert not is_over()  # nothing is known of what may come
    subscribe(store, "oUser")
    assert not is_over()
    for moment, text, expected in (
        (None, "{}", False),
        (NOW + 1, "{}", False),
        (NOW, "", False),
        (NOW, "{}", True),
    ):
        plan(TOPIC, moment, text)
        assert is_over() is expected
    subscribe(store, "oUser", topic="news")
    assert not is_over()


def test_a_step_that_waits_for_a_fact_is_awaited_until_its_time_and_never_claimed(store: Store) -> None:
    follow(store, "oUser")
    subscribe(store, "oUser")
    decisive = FollowUp(message="{}", due_at=NOW + 60, priority="decisive")
    store.write(lambda tx: publications.insert_step(tx, "default", TOPIC, "a", decisive, NOW, "waiting"))
    normal = FollowUp(message="{}", due_at=NOW + 60)
    store.write(lambda tx: publications.insert_step(tx, "default", TOPIC, "b", normal, NOW, "waiting"))

    assert awaited(store, "oUser") == [("decisive", NOW + 60)]
    assert awaited_at(store, "oUser", NOW + 60, NOW + 3600) == []
    assert claim(store, "a", now=NOW + 90) is None


def test_steps_and_news_are_told_apart(store: Store) -> None:
    follow(store, "oUser")
    subscribe(store, "oUser")
    lay(store)
    publish(store, "news:gate:1")
    publish(store, "stepped on")

    assert list(store.read(lambda tx: publications.steps(tx, "default", TOPIC))) == ["gate"]
    assert store.read(lambda tx: publications.count(tx, "default", TOPIC, "news:gate:")) == 1


def test_publications_are_awaited_by_who_will_get_them(store: Store) -> None:
    follow(store, "oA", "oB", "oStranger")
    for openid in ("oA", "oB"):
        subscribe(store, openid)
    for key, due_at, priority in (("1", NOW, "decisive"), ("2", NOW + 60, "decisive"), ("3", NOW + 70, "normal")):
        new = FollowUp(message="{}", due_at=due_at, priority=priority)  # type: ignore[arg-type]
        store.write(lambda tx: publications.insert(tx, "default", TOPIC, key, new, now=NOW))  # noqa: B023  # run at once
    whole = [("decisive", NOW), ("decisive", NOW + 60), ("normal", NOW + 70)]
    before = awaited(store, "oA")
    one = claim(store, "a")
    assert one is not None
    store.write(lambda tx: publications.advance(tx, one, cursor="oA", made=1, done=False))

    assert before == whole
    assert awaited(store, "oA") == whole[1:]  # theirs is made already
    assert awaited(store, "oB") == whole
    assert awaited(store, "oB", until=NOW + 60) == whole[:1]
    assert awaited(store, "oStranger") == []


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # PostgreSQL's planner tells in another form
@pytest.mark.parametrize("statement", [to_come._PUBLISHED, plans._OVER, publications._STEPS, publications._COUNT])
def test_no_statement_on_a_topics_publications_walks_the_table(store: Store, statement: str) -> None:
    bound = {
        "account": "default", "openid": "o", "topic": TOPIC, "now": NOW, "published_until": NOW, "prefix": "x%",
    }  # fmt: skip
    plan = store.read(lambda tx: tx.rows("EXPLAIN QUERY PLAN " + statement, **bound))

    assert "SCAN" not in str(plan)
