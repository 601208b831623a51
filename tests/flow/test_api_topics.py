"""The push API's topics over real HTTP: who subscribes, and what all of them get."""

from typing import Any
from urllib.parse import quote

import pytest
import requests

from flow.stage import Stage
from flow.test_push_api import Caller, refused
from flow.test_sending import writer

KEPT = "SELECT 1 FROM publications UNION ALL SELECT 1 FROM subscriptions UNION ALL SELECT 1 FROM idempotency"


def join(caller: Caller, *openids: str, topic: str = "news", key: str | None = None) -> requests.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return caller.call("POST", f"/topics/{topic}/subscribers", json={"openids": openids}, headers=headers)


def publish(
    caller: Caller, topic: str = "news", idempotency_key: str | None = None, **body: Any
) -> requests.Response:
    headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
    wanted = {"text": "登机口改为 C25", "key": "gate", **body}
    return caller.call("POST", f"/topics/{topic}/publish", json=wanted, headers=headers)


def test_who_is_subscribed_by_the_api_gets_what_the_api_publishes(stage: Stage) -> None:
    users, other, caller = [writer(stage) for _ in range(3)], writer(stage), Caller(stage)
    first = join(caller, *users)
    again = join(caller, *users, other)
    left = caller.call("DELETE", f"/topics/news/subscribers/{other}")
    published = publish(caller)
    stage.until_equal(["sent"] * 3, stage.states)

    assert (first.status_code, first.json()) == (200, {"topic": "news", "new": 3})
    assert again.json()["new"] == 1
    assert left.json() == {"topic": "news", "openid": other, "was_subscribed": True}
    assert caller.call("DELETE", f"/topics/news/subscribers/{other}").json()["was_subscribed"] is False
    assert (published.status_code, published.json()) == (202, {"id": 1, "topic": "news", "is_new": True})
    assert [stage.shown(user, "custom") for user in (*users, other)] == [["登机口改为 C25"]] * 3 + [[]]


def test_who_is_unsubscribed_gets_nothing_of_what_still_waits(stage: Stage) -> None:
    user, caller = writer(stage), Caller(stage)
    join(caller, user)
    stage.clock.advance(3 * 86_400)
    publish(caller)
    stage.until_equal(["held"], stage.states)
    caller.call("DELETE", f"/topics/news/subscribers/{user}")

    assert stage.states() == ["cancelled"]


def test_a_publication_carries_what_its_body_says(still: Stage) -> None:
    user, caller, now = writer(still), Caller(still), still.clock.now()
    join(caller, user)
    picture = {"type": "image", "media_id": "M"}
    times: dict[str, Any] = {"due_at": now + 60, "not_after": now + 600}
    options = {"on_closed": "drop", "priority": "decisive", "coalesce": "gate", "on_doubt": "park"}
    done = publish(caller, text=None, message=picture, facts={"gate": "C25"}, **times, **options)

    assert done.status_code == 202
    columns = "message, due_at, not_after, on_closed, priority, coalesce, on_doubt, facts"
    [kept] = still.rows(f"SELECT {columns} FROM publications")
    assert kept[0] == '{"msgtype":"image","image":{"media_id":"M"}}'
    assert kept[1:] == (now + 60, now + 600, "drop", "decisive", "gate", "park", '{"gate":"C25"}')


def test_a_key_counts_for_its_topic(still: Stage) -> None:
    user, caller = writer(still), Caller(still)
    for topic in ("news", "weather"):
        join(caller, user, topic=topic)
    first, second, elsewhere = publish(caller), publish(caller, text="other"), publish(caller, topic="weather")

    assert (second.json()["id"], second.json()["is_new"]) == (first.json()["id"], False)
    assert elsewhere.json()["is_new"] is True


def test_a_repeated_call_gets_the_first_answers_bytes(still: Stage) -> None:
    user, caller = writer(still), Caller(still)
    joins = [join(caller, user, key="j") for _ in range(2)]
    calls = [publish(caller, idempotency_key="p", due_at=still.clock.now() + 10) for _ in range(2)]

    assert joins[0].content == joins[1].content == b'{"topic":"news","new":1}'
    assert calls[0].content == calls[1].content
    assert [one.headers.get("Idempotent-Replayed") for one in (*joins, *calls)] == [None, "true"] * 2
    assert refused(publish(caller, idempotency_key="p")) == (422, ["Idempotency-Key"])
    assert still.rows("SELECT count(*) FROM publications") == [(1,)]


WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({"key": None}, ["key"]),
    ({"key": ""}, ["key"]),
    ({"key": "step:boarding"}, ["key"]),
    ({"key": "news:gate:1"}, ["key"]),
    ({"text": "长" * 683}, ["text"]),
    ({"text": "x" * 10_000}, ["text"]),
    ({"text": None}, ["message"]),
    ({"message": {"type": "image", "media_id": " "}}, ["message"]),
    ({"due_at": 1_000_000_000}, ["due_at"]),
    ({"due_at": 1_900_000_000, "not_after": 1_900_000_000}, ["not_after"]),
    ({"not_after": 1_000_000_000}, ["not_after"]),
    ({"openid": "o"}, ["openid"]),
    ({"facts": {"gate": 5}}, ["facts.gate"]),
    ({"facts": {"gate": "x" * 1001}}, ["facts.gate"]),
    ({"facts": [1]}, ["facts"]),
    ({"on_closed": "wait", "priority": "high", "on_doubt": "ask"}, ["on_closed", "priority", "on_doubt"]),
]


@pytest.mark.parametrize(("body", "fields"), WRONG, ids=[str(n) for n in range(len(WRONG))])
def test_a_wrong_field_is_named_and_nothing_is_stored(
    still: Stage, body: dict[str, Any], fields: list[str]
) -> None:
    user, caller = writer(still), Caller(still)
    join(caller, user)

    assert refused(publish(caller, idempotency_key="k", **body)) == (422, fields)
    assert still.rows(KEPT) == [(1,)]  # the subscription


@pytest.mark.parametrize("openids", [[], ["a b"], [5], "oUser", ["o"] * 1001, None, ["o" * 10_000]])
def test_a_wrong_list_of_openids_is_named(still: Stage, openids: Any) -> None:
    answer = Caller(still).call("POST", "/topics/news/subscribers", json={"openids": openids})

    assert refused(answer)[0] == 422
    assert refused(answer)[1][0].startswith("openids")


def test_one_who_does_not_follow_lets_nobody_of_the_call_subscribe(still: Stage) -> None:
    user, left, caller = writer(still), still.user(), Caller(still)
    still.act(left, "unsubscribe")

    assert refused(join(caller, "oNobody", user, left, key="k")) == (404, ["openids.0", "openids.2"])
    assert still.rows(KEPT) == []
    assert join(caller, user, user, key="k").json()["new"] == 1


def test_a_topic_that_nobody_ever_subscribed_to_is_404_and_stores_nothing(still: Stage) -> None:
    user, caller = writer(still), Caller(still)
    asked = [
        publish(caller, topic="nwes", idempotency_key="k"),
        caller.get("/topics/nwes/subscribers"),
        caller.call("DELETE", f"/topics/nwes/subscribers/{user}"),
    ]

    assert [refused(answer) for answer in asked] == [(404, ["topic"])] * 3
    assert still.rows(KEPT) == []


@pytest.mark.parametrize("topic", ["a%20b", "x" * 129, "%F0%9F%98%80", "%FF", "a%00", "-", "x" * 10_000])
def test_a_name_that_no_topic_can_have_is_named(still: Stage, topic: str) -> None:
    user, caller = writer(still), Caller(still)
    asked = [
        join(caller, user, topic=topic),
        publish(caller, topic=topic),
        caller.get(f"/topics/{topic}/subscribers"),
        caller.call("DELETE", f"/topics/{topic}/subscribers/{user}"),
        caller.get(f"/topics/{topic}/plan"),
        caller.call("DELETE", f"/topics/{topic}/plan"),
        caller.call("POST", f"/topics/{topic}/plan", json={"moment": 1_900_000_000}),
    ]

    assert [refused(answer) for answer in asked] == [(422, ["topic"])] * 7
    assert still.rows(KEPT) == []


@pytest.mark.parametrize("openid", ["a%00b", "a%20b", "%FF", "x" * 65, "x" * 10_000])
def test_what_can_be_no_openid_is_404_before_a_store_is_asked(still: Stage, openid: str) -> None:
    caller = Caller(still)
    join(caller, writer(still))
    asked = [caller.get(f"/contacts/{openid}"), caller.call("DELETE", f"/topics/news/subscribers/{openid}")]

    assert [refused(answer) for answer in asked] == [(404, ["openid"])] * 2


@pytest.mark.parametrize("topic", ["flight:CA1501:2026-11-25", "天气.上海_浦东-1", "x" * 128])
@pytest.mark.parametrize("safe", ["", ":"])
def test_a_topic_stands_in_a_path_percent_encoded_or_as_it_is(still: Stage, topic: str, safe: str) -> None:
    user, caller, path = writer(still), Caller(still), quote(topic, safe=safe)

    assert join(caller, user, topic=path).json()["topic"] == topic
    assert publish(caller, topic=path).json()["topic"] == topic
    assert caller.get(f"/topics/{path}/subscribers").json()["subscribers"][0]["openid"] == user
    assert caller.call("DELETE", f"/topics/{path}/subscribers/{user}").json()["was_subscribed"]


def test_pages_hold_every_topic_and_every_subscriber_once(still: Stage) -> None:
    users, caller, now = sorted(writer(still) for _ in range(3)), Caller(still), still.clock.now()
    for topic, openids in (("b", users), ("a", users[:1]), ("c", users[:1])):
        join(caller, *openids, topic=topic)
    caller.call("DELETE", f"/topics/c/subscribers/{users[0]}")

    pages = [caller.get(f"/topics?limit=2&cursor={cursor}").json() for cursor in ("", "b")]
    assert [page["next_cursor"] for page in pages] == ["b", None]
    found = [(one["topic"], one["subscribers"], one["first_at"]) for page in pages for one in page["topics"]]
    assert found == [("a", 1, now), ("b", 3, now), ("c", 0, now)]
    parts = [caller.get(f"/topics/b/subscribers?limit=2&cursor={cursor}").json() for cursor in ("", users[1])]
    assert [part["next_cursor"] for part in parts] == [users[1], None]
    assert [one["openid"] for part in parts for one in part["subscribers"]] == users
    assert caller.get("/topics/c/subscribers").json() == {"subscribers": [], "next_cursor": None}
    assert refused(caller.get("/topics?limit=0")) == (422, ["limit"])
    assert refused(caller.get("/topics/b/subscribers?cursor=%00")) == (422, ["cursor"])
