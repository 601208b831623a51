"""Topics as a person looks through them: what each store function promises."""

import pytest

from store.test_lanes import NOW as AT
from store.test_topics import TOPIC, follow, publish, subscribe
from wxbot.protocol.window import Grant
from wxbot.store import contacts, plans, topic_lists
from wxbot.store.engine import Store
from wxbot.store.plans import Kept
from wxbot.store.topic_lists import ListedTopic, Reach


def named(store: Store, prefix: str = "", after: str = "", limit: int = 10) -> list[str]:
    found = store.read(lambda tx: topic_lists.named(tx, "default", prefix, after, limit))
    return [one.topic for one in found]


def test_topics_are_found_by_how_their_name_begins(store: Store) -> None:
    follow(store, "oUser")
    for name in ("a", "flight:CA1", "flight:CA2", "flightX", "z%", "z_"):
        subscribe(store, "oUser", topic=name)
    subscribe(store, "oUser", topic="flight:other", account="other")

    assert len(named(store)) == 6
    assert sorted(named(store, "flight:")) == ["flight:CA1", "flight:CA2"]
    assert named(store, "z%") == ["z%"]
    assert named(store, "light") == []
    assert [*named(store, limit=4), *named(store, after=named(store)[3])] == named(store)


def test_a_listed_topic_tells_its_subscribers_and_its_plan(store: Store) -> None:
    follow(store, "oOne", "oTwo")
    for openid in ("oOne", "oTwo"):
        subscribe(store, openid, topic="planned")
    subscribe(store, "oOne", topic="plain")
    store.write(lambda tx: plans.hold(tx, "default", "planned", AT))
    store.write(lambda tx: plans.keep(tx, "default", "planned", Kept(AT + 5, {}, "{}"), AT))

    found = store.read(lambda tx: topic_lists.named(tx, "default", "", "", 10))

    assert found == [ListedTopic("plain", 1, None, False), ListedTopic("planned", 2, AT + 5, True)]


def test_subscribers_are_not_counted_without_end(store: Store) -> None:
    follow(store, "oA", "oB", "oC")
    for openid in ("oA", "oB", "oC"):
        subscribe(store, openid)

    assert store.read(lambda tx: topic_lists.count_subscribers(tx, "default", TOPIC, most=1)) == 2
    assert store.read(lambda tx: topic_lists.count_subscribers(tx, "default", TOPIC)) == 3
    assert store.read(lambda tx: topic_lists.count_subscribers(tx, "other", TOPIC)) == 0


def reached(store: Store) -> Reach:
    return store.read(lambda tx: topic_lists.reach(tx, "default", TOPIC, AT))


def test_who_can_be_reached_has_an_open_window_and_follows(store: Store) -> None:
    grants = {
        "oOpen": Grant("message", 5, int(AT) + 3600),
        "oClick": Grant("action", 3, int(AT) + 50),
        "oSpent": Grant("message", 0, int(AT) + 3600),
        "oOver": Grant("message", 5, int(AT)),
        "oLeft": Grant("message", 5, int(AT) + 3600),
    }
    for openid, grant in grants.items():
        store.write(lambda tx: contacts.seen(tx, "default", openid, AT, grant))  # noqa: B023  # run at once
        subscribe(store, openid)
    store.write(lambda tx: contacts.left(tx, "default", "oLeft", AT))

    assert reached(store) == Reach(5, 2, is_estimated=False)


def test_of_many_it_is_estimated(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topic_lists, "SAMPLE", 4)
    for number in range(8):
        grant = Grant("message", number % 2, int(AT) + 3600)
        store.write(lambda tx: contacts.seen(tx, "default", f"o{number}", AT, grant))  # noqa: B023  # run at once
        subscribe(store, f"o{number}")

    assert reached(store) == Reach(8, 4, is_estimated=True)


def test_publications_come_newest_first_and_in_pages(store: Store) -> None:
    ids = [publish(store, f"k{number}", due_at=AT - number)[0] for number in range(5)]
    publish(store, "k", topic="another")

    first = store.read(lambda tx: topic_lists.published(tx, "default", TOPIC, 3))
    rest = store.read(lambda tx: topic_lists.published(tx, "default", TOPIC, 3, before=first[-1].id))

    assert [one.id for one in [*first, *rest]] == ids[::-1]
    assert store.read(lambda tx: topic_lists.published(tx, "other", TOPIC, 3)) == []
