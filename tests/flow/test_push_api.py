"""The push API over real HTTP: what it takes arrives on the phone, what it refuses changes nothing."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from flow.stage import Stage, senders, staged
from flow.test_sending import writer
from wxbot.reply.bot import Bot
from wxbot.store import apikeys
from wxbot.store.apikeys import SCOPES, Scope
from wxbot.web.push_api import OPERATIONS


class Caller:
    """A program that calls the API of a stage with one key."""

    def __init__(
        self, stage: Stage, *scopes: Scope, account: str = "default", expires_at: float | None = None
    ) -> None:
        self.stage, self.base = stage, stage.webhook.removesuffix("/wechat") + "/api/v1"
        store, now, may = stage.store(), stage.clock.now(), scopes or SCOPES
        try:
            self.key = store.write(
                lambda tx: apikeys.create(tx, account, "test", may, now=now, expires_at=expires_at)
            )
        finally:
            store.close()

    def call(self, method: str, path: str, *, account: str = "default", **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.key}", **more.pop("headers", {})}
        url = f"{self.base}/accounts/{account}{path}"
        return requests.request(method, url, headers=headers, timeout=30, allow_redirects=False, **more)

    def post(self, body: Any, key: str | None = None) -> requests.Response:
        return self.call("POST", "/messages", json=body, headers={"Idempotency-Key": key} if key else {})

    def get(self, path: str) -> requests.Response:
        return self.call("GET", path)


def refused(answer: requests.Response) -> tuple[int, list[str]]:
    """The status of a problem, and the fields it names."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    body = answer.json()
    assert (body["status"], bool(body["title"] and body["detail"])) == (answer.status_code, True)
    return answer.status_code, [one["field"] for one in body["errors"]]


def test_a_message_arrives_on_the_phone_and_its_history_tells_so(stage: Stage) -> None:
    user, caller = writer(stage), Caller(stage)
    answer = caller.post({"openid": user, "text": "登机口 C23 <>&"})
    stage.until_equal(["sent"], stage.states)
    told = caller.get(f"/messages/{answer.json()['id']}").json()

    assert answer.status_code == 202
    assert answer.json() == {"id": 1, "state": "queued", "is_new": True, "reachable_now": True}
    assert stage.shown(user, "custom") == ["登机口 C23 <>&"]
    assert [step["state"] for step in told["history"]] == ["queued", "claimed", "sending", "sent"]
    assert (told["state"], told["origin"], "accepted" in told["now_en"]) == ("sent", "api", True)


def test_a_message_keeps_its_topic_and_facts_and_may_ask_for_a_fallback(still: Stage) -> None:
    user, caller = writer(still), Caller(still)
    wanted = {"topic": "flight:CA1501", "facts": {"gate": "C23"}, "on_closed": "template"}
    id = caller.post({"openid": user, "text": "x", "kf_account": "ann@x", **wanted}).json()["id"]

    told = caller.get(f"/messages/{id}").json()

    assert {name: told[name] for name in wanted} == wanted
    assert told["rung"] == "window"
    assert told["message"]["customservice"] == {"kf_account": "ann@x"}


def test_a_menu_arrives_at_its_time_and_not_before(stage: Stage) -> None:
    user, caller = writer(stage), Caller(stage)
    menu = {"type": "msgmenu", "head_content": "满意吗?", "list": [{"id": "1", "content": "满意"}]}
    caller.post({"openid": user, "message": menu, "due_at": stage.clock.now() + 600})
    caller.post({"openid": user, "text": "now"})
    stage.until_equal(["scheduled", "sent"], stage.states)
    stage.clock.advance(600)
    stage.until_equal(["sent", "sent"], stage.states)

    assert "满意吗?" in stage.shown(user, "custom")[1]


def test_a_refusal_of_the_platform_is_explained_in_both_languages(stage: Stage) -> None:
    user, caller = writer(stage), Caller(stage)
    stage.fault("errcode", errcode=45047)
    caller.post({"openid": user, "text": "one"})
    stage.until_equal(["held"], stage.states)
    told = caller.get("/messages/1").json()

    assert told["history"][-1]["errcode"] == 45047
    assert told["history"][-1]["zh"]
    assert told["history"][-1]["en"]
    assert "writes again" in told["now_en"]


def moment(stage: Stage, seconds: float) -> float:
    return stage.clock.now() + seconds


WRONG: list[tuple[Any, list[str]]] = [
    ({}, ["openid", "message"]),
    ({"text": "x", "message": {"type": "text", "content": "x"}}, ["openid", "message"]),
    ({"openid": "o", "text": "长" * 683}, ["text"]),
    ({"openid": "o", "text": " \n"}, ["text"]),
    ({"openid": "o", "text": 5}, ["text"]),
    ({"openid": "o o", "text": "x"}, ["openid"]),
    ({"openid": "o", "text": "x", "due_at": -61}, ["due_at"]),
    ({"openid": "o", "text": "x", "due_at": "2026-11-25T13:25"}, ["due_at"]),
    ({"openid": "o", "text": "x", "due_at": "tomorrow"}, ["due_at"]),
    ({"openid": "o", "text": "x", "due_at": 1_900_000_000_000}, ["due_at"]),
    ({"openid": "o", "text": "x", "due_at": True}, ["due_at"]),
    ({"openid": "o", "text": "x", "due_at": 100, "not_after": 100}, ["not_after"]),
    ({"openid": "o", "text": "x", "not_after": -1}, ["not_after"]),
    ({"openid": "o", "text": "x", "on_closed": "no", "priority": "high"}, ["on_closed", "priority"]),
    ({"openid": "o", "text": "x", "topic": "a b"}, ["topic"]),
    ({"openid": "o", "text": "x", "facts": {"1": "x"}}, ["facts"]),
    ({"openid": "o", "text": "x", "facts": {"a": 1}}, ["facts.a"]),
    ({"openid": "o", "text": "x", "key": ""}, ["key"]),
    ({"openid": "o", "text": "x", "key": "a\nb"}, ["key"]),
    ({"openid": "o", "text": "x", "dueat": 1}, ["dueat"]),
    ({"openid": "o", "text": "x", "kf_account": "ann"}, ["kf_account"]),
    ({"openid": "o", "message": {"type": "link"}}, ["message.type"]),
    ({"openid": "o", "message": {"media_id": "m"}}, ["message.type"]),
    ({"openid": "o", "message": {"type": "image", "media_id": " "}}, ["message"]),
    ({"openid": "o", "message": {"type": "image"}}, ["message.media_id"]),
    ({"openid": "o", "message": {"type": "image", "media_id": "m", "x": 1}}, ["message.x"]),
    ({"openid": "o", "message": {"type": "news", "articles": [{"url": "u"}]}}, ["message.articles.0.title"]),
    (
        {"openid": "o", "message": {"type": "msgmenu", "head_content": "", "list": [{"id": "1"}]}},
        ["message.list.0.content"],
    ),
    ({"openid": "o", "message": {"type": "text", "content": "长" * 683}}, ["message"]),
    ([], ["body"]),
]


@pytest.mark.parametrize(("body", "fields"), WRONG, ids=[str(n) for n in range(len(WRONG))])
def test_a_wrong_field_is_named_and_nothing_is_stored(still: Stage, body: Any, fields: list[str]) -> None:
    writer(still)
    if isinstance(body, dict):  # small numbers are seconds from now
        early = {name for name in ("due_at", "not_after") if type(body.get(name)) is int and body[name] < 1000}
        body = {**body, **{name: moment(still, body[name]) for name in early}}

    assert refused(Caller(still).post(body, key="k")) == (422, fields)
    assert still.rows("SELECT id FROM followups UNION ALL SELECT 1 FROM idempotency") == []


def test_a_stranger_is_404_and_nothing_is_stored(still: Stage) -> None:
    assert refused(Caller(still).post({"openid": "oNobody", "text": "x"}, key="k")) == (404, ["openid"])
    assert still.rows("SELECT id FROM followups UNION ALL SELECT 1 FROM idempotency") == []


@pytest.mark.parametrize("late", [0.0, 59.0])
def test_a_due_at_of_a_clock_that_is_a_little_late_means_now(still: Stage, late: float) -> None:
    user = writer(still)
    answer = Caller(still).post({"openid": user, "text": "x", "due_at": moment(still, -late)})

    assert (answer.status_code, answer.json()["state"]) == (202, "queued")


def test_iso_8601_with_a_zone_is_the_same_moment_as_unix_seconds(still: Stage) -> None:
    user, caller = writer(still), Caller(still)
    caller.post({"openid": user, "text": "x", "due_at": "2027-01-15T16:00:00+08:00"})

    assert caller.get("/messages/1").json()["due_at"] == 1_800_000_000.0


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"\xff", {}, 400),
        (b"[" * 60_000, {}, 400),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"{}", {"Content-Type": ""}, 415),
        (b" " * (64 * 1024 + 1), {}, 413),
        (b" " * (64 * 1024 - 2) + b"{}", {}, 422),
        (b"{}", {"Idempotency-Key": ""}, 422),
        (b"{}", {"Idempotency-Key": "k" * 256}, 422),
    ],
)
def test_a_body_that_cannot_be_read_is_a_problem_of_its_own(
    still: Stage, body: bytes, headers: dict[str, str], status: int
) -> None:
    sent = {"Content-Type": "application/json", **headers}

    assert refused(Caller(still).call("POST", "/messages", data=body, headers=sent))[0] == status


def test_a_waiting_message_is_cancelled_and_one_that_went_out_is_too_late(stage: Stage) -> None:
    user, caller = writer(stage), Caller(stage)
    caller.post({"openid": user, "text": "later", "due_at": moment(stage, 600)})
    caller.post({"openid": user, "text": "now"})
    stage.until_equal(["scheduled", "sent"], stage.states)

    first, again = caller.call("DELETE", "/messages/1"), caller.call("DELETE", "/messages/1")
    assert first.json() == again.json() == {"id": 1, "state": "cancelled"}
    assert refused(caller.call("DELETE", "/messages/2"))[0] == 409
    for id in (3, 2**63, 10**40):
        assert [refused(caller.call(method, f"/messages/{id}"))[0] for method in ("GET", "DELETE")] == [404, 404]
    assert stage.states() == ["cancelled", "sent"]


def test_a_repeated_call_gets_the_first_answers_bytes_even_when_it_is_too_late_by_then(still: Stage) -> None:
    user, caller = writer(still), Caller(still)
    body = {"openid": user, "text": "x", "due_at": moment(still, 10)}
    first = caller.post(body, key="k")
    still.clock.advance(3600)
    again = caller.post(body, key="k")

    assert (again.status_code, again.content) == (first.status_code, first.content) == (202, first.content)
    assert (first.headers.get("Idempotent-Replayed"), again.headers.get("Idempotent-Replayed")) == (None, "true")
    assert refused(caller.post({**body, "text": "y"}, key="k")) == (422, ["Idempotency-Key"])
    assert still.states() == ["scheduled"]


def test_one_callers_idempotency_key_is_not_anothers(still: Stage) -> None:
    user = writer(still)
    ids = {Caller(still).post({"openid": user, "text": "x"}, key="k").json()["id"] for _ in range(2)}

    assert len(ids) == 2


def test_twenty_calls_at_once_with_one_idempotency_key_queue_one_message(still: Stage) -> None:
    user, caller = writer(still), Caller(still)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: caller.post({"openid": user, "text": "x"}, key="k"), range(20)))

    assert {(one.status_code, one.content) for one in answers} == {(202, answers[0].content)}
    assert [one.headers.get("Idempotent-Replayed") for one in answers].count(None) == 1
    assert still.states() == ["queued"]


def test_answers_are_kept_for_48_hours_and_then_forgotten_by_the_sender(still: Stage) -> None:
    user, caller = writer(still), Caller(still)
    caller.post({"openid": user, "text": "x"}, key="old")
    still.clock.advance(120)
    caller.post({"openid": user, "text": "x"}, key="young")
    still.clock.advance(48 * 3600 - 60)
    with senders(still.settings, still.clock, 1):
        still.until_equal([("young",)], lambda: still.rows("SELECT key FROM idempotency"))


def test_a_message_key_used_before_names_the_first_message(still: Stage) -> None:
    user, caller = writer(still), Caller(still)
    first = caller.post({"openid": user, "text": "x", "key": "gate"}).json()
    second = caller.post({"openid": user, "text": "y", "key": "gate"}).json()

    assert (second["id"], second["is_new"]) == (first["id"], False)


def test_a_contact_tells_what_may_be_sent_and_until_when(still: Stage) -> None:
    user, caller = writer(still), Caller(still)
    now = int(still.clock.now())
    told = caller.get(f"/contacts/{user}").json()
    grant = {"kind": "message", "left": 5, "expires_at": now + 48 * 3600, "is_open": True}

    assert (told["reachable_now"], told["left"], told["until"]) == (True, 5, now + 48 * 3600)
    assert told["grants"] == [grant]
    still.clock.advance(48 * 3600)
    told = caller.get(f"/contacts/{user}").json()
    assert (told["reachable_now"], told["left"], told["until"]) == (False, 0, None)
    assert caller.post({"openid": user, "text": "x"}).json()["reachable_now"] is False
    assert refused(caller.get("/contacts/oNobody"))[0] == 404


def test_a_contact_tells_its_remark_its_tags_and_who_speaks_with_it(still: Stage) -> None:
    user = writer(still)
    still.act(user, "kf_create_session", kf_account="ann@x")
    still.rows("UPDATE contacts SET remark = '安', tags = '[2]' RETURNING 1")

    told = Caller(still).get(f"/contacts/{user}").json()

    assert (told["remark"], told["tags"], told["agent"]) == ("安", [2], "ann@x")


def test_pages_hold_every_contact_once(still: Stage) -> None:
    users = sorted(writer(still) for _ in range(5))
    caller, seen = Caller(still), []
    cursor: str | None = ""
    for size in (2, 2, 1):
        page = caller.get(f"/contacts?limit=2&cursor={cursor}").json()
        assert len(page["contacts"]) == size
        seen += [one["openid"] for one in page["contacts"]]
        cursor = page["next_cursor"]

    assert (seen, cursor) == (users, None)
    assert len(caller.get("/contacts").json()["contacts"]) == 5


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("limit=1&limit=2", "limit"),
        ("l=1", "l"),
    ],
)
def test_a_wrong_query_is_named(still: Stage, query: str, field: str) -> None:
    assert refused(Caller(still).get(f"/contacts?{query}")) == (422, [field])


@pytest.fixture
def narrow(url: str, bot: Bot) -> Iterator[Stage]:
    """A stage whose API takes one call in a hundred seconds from each key."""
    with staged(url, bot, sending=False, api_rate=0.01) as running:
        yield running


def test_a_key_that_calls_too_often_waits_and_another_does_not(narrow: Stage) -> None:
    caller, other = Caller(narrow), Caller(narrow)
    answers = [caller.get("/contacts") for _ in range(2)]

    assert [one.status_code for one in answers] == [200, 429]
    assert refused(answers[1]) == (429, [])
    assert 1 <= int(answers[1].headers["Retry-After"]) <= 100
    assert other.get("/contacts").status_code == 200


def test_a_store_that_cannot_be_written_is_a_503_that_says_when_to_come_back(still: Stage) -> None:
    user, caller = writer(still), Caller(still)
    assert caller.get("/contacts").status_code == 200  # the key's use is noted
    store = still.store()
    store.write(lambda tx: tx.change("ALTER TABLE followups RENAME TO away"))
    store.close()
    answer = caller.post({"openid": user, "text": "x"}, key="k")

    assert refused(answer) == (503, [])
    assert answer.headers["Retry-After"] == "1"
    assert still.rows("SELECT 1 FROM idempotency") == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api", 404),
        ("GET", "/api/v2/", 404),
        ("PUT", "/api/v1/accounts/default/messages", 405),
        ("GET", "/api/v1/accounts/default/messages/x", 404),
    ],
)
def test_no_error_of_the_api_is_html(still: Stage, method: str, path: str, status: int) -> None:
    base = still.webhook.removesuffix("/wechat")

    assert refused(requests.request(method, base + path, timeout=10))[0] == status


def test_a_method_that_a_path_does_not_have_is_answered_with_those_it_has(still: Stage) -> None:
    answer = Caller(still).call("PUT", "/messages/1")

    assert set(answer.headers["Allow"].split(", ")) >= {"GET", "DELETE"}


def test_the_examples_in_the_docs_are_taken_and_answered_as_they_say(still: Stage) -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
    still.clock.advance(datetime.fromisoformat("2026-11-24T08:00+08:00").timestamp() - still.clock.now())
    user, caller = writer(still), Caller(still)
    asked = re.findall(r'curl "\$API(/\S+?)" [^\n]*?(?:\\\n *)?--json \'(.*?)\'', page, re.DOTALL)
    answers = [caller.call("POST", path, json=json.loads(body.replace("oUser", user))) for path, body in asked]
    told, kept, refusal = [json.loads(one) for one in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]

    assert [answer.status_code for answer in answers] == [202, 202, 200, 200, 200, 202]
    assert answers[0].json() == {**told, "id": 1}
    wrong = caller.post({"openid": user, "text": "x", "due_at": "2026-11-25T12:35"})
    assert wrong.json() == refusal
    [path] = re.findall(r'curl "\$API(/\S+?)" .*--data-binary', page)
    file = caller.call("POST", path, data=b"\x89PNG\r\n\x1a\n").json()
    assert {**file, "size": 0, "media_id": ""} == {**kept, "size": 0, "media_id": ""}


def test_the_description_and_the_page_name_every_call(still: Stage) -> None:
    base = still.webhook.removesuffix("/wechat") + "/api/v1"
    document = requests.get(f"{base}/openapi.json", timeout=10).json()
    page = requests.get(f"{base}/", timeout=10)
    named = {(path, method) for path, methods in document["paths"].items() for method in methods}

    assert len(named) == len(OPERATIONS)
    assert [path for path, _ in named if path not in page.text] == []
    assert page.headers["Content-Type"].startswith("text/html")
    assert "://" not in page.text.replace("https://www.w3.org", "")
    assert json.dumps(document).count("#/$defs") == 0
