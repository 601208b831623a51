"""Topics and publications: what each store function promises."""

import pytest

from store.test_lanes import NOW, lease
from wxbot.protocol.outgoing import FollowUp, Priority
from wxbot.store import contacts, publications, topics
from wxbot.store.engine import Store
from wxbot.store.publications import Publication
from wxbot.store.topics import Subscriber, Topic

TOPIC = "flight:CA1501:2026-11-25"


def follow(store: Store, *openids: str) -> None:
    for openid in openids:
        store.write(lambda tx: contacts.seen(tx, "default", openid, NOW, None))  # noqa: B023  # run at once


def subscribe(store: Store, openid: str, *, topic: str = TOPIC, now: float = NOW, account: str = "default") -> bool:
    return store.write(lambda tx: topics.subscribe(tx, account, topic, openid, now))


def subscribed(
    store: Store, *, topic: str = TOPIC, limit: int = 10, after: str = "", until: float = NOW
) -> list[str]:
    found = store.read(lambda tx: topics.subscribers(tx, "default", topic, limit=limit, after=after, until=until))
    return [one.openid for one in found]


def publish(
    store: Store, key: str = "k", *, topic: str = TOPIC, due_at: float = NOW, priority: Priority = "normal"
) -> tuple[int, bool]:
    new = FollowUp(message="{}", due_at=due_at, priority=priority)
    return store.write(lambda tx: publications.insert(tx, "default", topic, key, new, now=NOW))


def claim(
    store: Store, owner: str, *, now: float = NOW, clock: float = 0.0, boot: str = "boot"
) -> Publication | None:
    return store.write(lambda tx: publications.claim(tx, lease(owner, clock=clock, boot=boot), now))


def claimed(store: Store, owner: str, *, clock: float = 0.0) -> int | None:
    one = claim(store, owner, clock=clock)
    return one.id if one else None


def test_subscribing_twice_is_one_subscription_since_the_first_time(store: Store) -> None:
    follow(store, "oUser")

    assert subscribe(store, "oUser")
    assert not subscribe(store, "oUser", now=NOW + 5)
    found = store.read(lambda tx: topics.subscribers(tx, "default", TOPIC, limit=10))
    assert found == [Subscriber("oUser", NOW)]


def test_a_stranger_and_one_who_left_cannot_subscribe(store: Store) -> None:
    follow(store, "oLeft")
    store.write(lambda tx: contacts.left(tx, "default", "oLeft", NOW))

    assert not subscribe(store, "oLeft")
    assert not subscribe(store, "oStranger")
    assert not store.read(lambda tx: topics.is_known(tx, "default", TOPIC))


def test_unsubscribing_ends_one_subscription_and_forgetting_ends_all_of_one_user(store: Store) -> None:
    follow(store, "oOne", "oTwo")
    for openid in ("oOne", "oTwo"):
        for topic in (TOPIC, "news", "weather"):
            subscribe(store, openid, topic=topic)

    assert store.write(lambda tx: topics.unsubscribe(tx, "default", TOPIC, "oOne"))
    assert not store.write(lambda tx: topics.unsubscribe(tx, "default", TOPIC, "oOne"))
    assert subscribed(store) == ["oTwo"]
    assert subscribed(store, topic="news") == ["oOne", "oTwo"]
    assert store.write(lambda tx: topics.forget(tx, "default", "oOne")) == 2
    assert subscribed(store, topic="news") == subscribed(store, topic="weather") == ["oTwo"]


def test_a_topic_stays_known_when_everybody_has_left_it(store: Store) -> None:
    follow(store, "oUser")
    subscribe(store, "oUser")
    store.write(lambda tx: topics.forget(tx, "default", "oUser"))

    assert store.read(lambda tx: topics.is_known(tx, "default", TOPIC))
    assert not store.read(lambda tx: topics.is_known(tx, "another", TOPIC))
    assert store.read(lambda tx: topics.recent(tx, "default", 10)) == [Topic(TOPIC, NOW, 0)]


def test_subscribers_come_in_order_after_an_openid_and_only_those_who_were_there(store: Store) -> None:
    follow(store, "oA", "oB", "oC", "oLate")
    for openid in ("oC", "oA", "oB"):
        subscribe(store, openid)
    subscribe(store, "oLate", now=NOW + 1)

    assert subscribed(store, limit=2) == ["oA", "oB"]
    assert subscribed(store, after="oB") == ["oC"]
    assert subscribed(store, after="oB", until=NOW + 1) == ["oC", "oLate"]


def test_topics_are_listed_newest_first_with_their_subscribers(store: Store) -> None:
    follow(store, "oA", "oB")
    subscribe(store, "oA")
    subscribe(store, "oB")
    subscribe(store, "oA", topic="news", now=NOW + 1)

    assert store.read(lambda tx: topics.recent(tx, "default", 10)) == [
        Topic("news", NOW + 1, 1),
        Topic(TOPIC, NOW, 2),
    ]
    assert len(store.read(lambda tx: topics.recent(tx, "default", 1))) == 1


def test_the_first_publication_of_a_key_counts_for_its_topic(store: Store) -> None:
    first, is_new = publish(store)

    assert is_new
    assert publish(store) == (first, False)
    assert publish(store, topic="news")[1]
    assert publish(store, "another")[1]


def test_a_publication_is_claimed_by_one_process_until_its_lease_is_over(store: Store) -> None:
    id, _ = publish(store)

    assert claimed(store, "a") == id
    assert claimed(store, "b", clock=29.9) is None
    assert claimed(store, "a", clock=29.9) == id  # and the lease runs anew
    assert claimed(store, "b", clock=30.0) is None
    assert claimed(store, "b", clock=59.9) == id


def test_two_processes_each_go_on_with_their_own(store: Store) -> None:
    first, second = publish(store)[0], publish(store, topic="another")[0]

    assert (claimed(store, "a", clock=0.0), claimed(store, "b", clock=10.0)) == (first, second)
    assert (claimed(store, "b", clock=20.0), claimed(store, "a", clock=20.0)) == (second, first)


def test_a_publication_of_a_machine_that_was_booted_anew_is_free(store: Store) -> None:
    publish(store)
    claim(store, "a")

    assert claim(store, "b", boot="another") is not None


def test_a_publication_rests_until_it_is_due_and_when_it_is_done(store: Store) -> None:
    publish(store, due_at=NOW + 60)
    assert claim(store, "a") is None
    assert not store.read(lambda tx: publications.any_due(tx, NOW))

    one = claim(store, "a", now=NOW + 60)
    assert one is not None
    store.write(lambda tx: publications.advance(tx, one, cursor="oZ", made=3, done=True))

    assert claim(store, "a", now=NOW + 60) is None
    assert not store.read(lambda tx: publications.any_due(tx, NOW + 60))
    assert store.read(lambda tx: tx.rows("SELECT state, cursor, total FROM publications")) == [("done", "oZ", 3)]


def test_a_publication_waits_for_an_earlier_one_of_its_topic_and_a_decisive_one_does_not(store: Store) -> None:
    later, first = publish(store, "later", due_at=NOW - 1)[0], publish(store, "first", due_at=NOW - 2)[0]
    decisive = publish(store, "decisive", priority="decisive")[0]

    assert claimed(store, "a") == first
    assert [claimed(store, "b", clock=at) for at in (1.0, 2.0)] == [decisive, decisive]
    one = claim(store, "a", clock=3.0)
    assert one is not None
    store.write(lambda tx: publications.advance(tx, one, cursor="", made=0, done=True))
    assert claimed(store, "a", clock=4.0) == later


def test_two_publications_go_on_in_turn(store: Store) -> None:
    first, second = publish(store)[0], publish(store, topic="another")[0]

    assert [claimed(store, "a", clock=at) for at in (1.0, 2.0, 3.0, 4.0)] == [first, second, first, second]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # PostgreSQL's planner tells in another form
@pytest.mark.parametrize("statement", [topics._SUBSCRIBERS, topics._FORGET, topics._UNSUBSCRIBE])
def test_no_statement_on_subscriptions_walks_the_table(store: Store, statement: str) -> None:
    bound = {"account": "default", "topic": TOPIC, "openid": "oA", "after": "", "until": NOW, "limit": 5}
    plan = store.read(lambda tx: tx.rows("EXPLAIN QUERY PLAN " + statement, **bound))

    assert "SCAN" not in str(plan)
    assert "TEMP B-TREE" not in str(plan)


def test_many_are_subscribed_at_once_and_only_those_who_follow(store: Store) -> None:
    follow(store, "oOne", "oTwo", "oLeft")
    store.write(lambda tx: contacts.left(tx, "default", "oLeft", NOW))
    subscribe(store, "oOne")

    def all_of(*openids: str) -> int:
        return store.write(lambda tx: topics.subscribe_all(tx, "default", TOPIC, openids, NOW))

    assert all_of("oTwo", "oOne", "oTwo", "oLeft", "oStranger") == 1
    assert all_of("oOne", "oTwo") == 0
    assert subscribed(store) == ["oOne", "oTwo"]
    assert store.read(lambda tx: topics.of_user(tx, "default", "oTwo", 10)) == [TOPIC]


def test_pages_of_topics_are_by_name_and_of_one_account(store: Store) -> None:
    follow(store, "oUser")
    store.write(lambda tx: contacts.seen(tx, "b", "oUser", NOW, None))
    for topic in ("b", "a", "c"):
        subscribe(store, "oUser", topic=topic)
    subscribe(store, "oUser", topic="d", account="b")

    def page(after: str) -> list[str]:
        return [one.topic for one in store.read(lambda tx: topics.page(tx, "default", after, 2))]

    assert [page(""), page("b"), page("c")] == [["a", "b"], ["c"], []]
    assert store.read(lambda tx: topics.of_user(tx, "default", "oUser", 2)) == ["a", "b"]


def test_a_publication_is_announced_to_those_who_are_still_to_get_it(store: Store) -> None:
    follow(store, "oDone", "oNext", "oLate")
    for openid, since in (("oDone", NOW), ("oNext", NOW), ("oLate", NOW + 1)):
        subscribe(store, openid, now=since)
    publish(store)
    publish(store, "later", due_at=NOW + 60)
    publish(store, "elsewhere", topic="news")
    begun = claim(store, "one")
    assert begun is not None
    store.write(lambda tx: publications.advance(tx, begun, cursor="oDone", made=1, done=False))

    def announced(openid: str) -> tuple[int, float]:
        return store.read(lambda tx: topics.announced(tx, "default", openid))

    assert [announced(openid) for openid in ("oDone", "oNext", "oLate", "oNobody")] == [
        (1, NOW + 60),
        (2, NOW),
        (1, NOW + 60),
        (0, 0.0),
    ]
