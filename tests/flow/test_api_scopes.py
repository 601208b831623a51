"""Who may do what through the push API: every call, with every scope, on one's own account and another's.

The cases are made from the calls that exist, so that a new one cannot be forgotten.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from flask import Flask
from pydantic import BaseModel

from flow.stage import Stage, staged
from flow.test_push_api import Caller, refused
from flow.test_sending import writer
from wxbot.delivery.queue import queue
from wxbot.protocol.content import Text
from wxbot.protocol.outgoing import FollowUp, message_json
from wxbot.reply.bot import Bot
from wxbot.store import apikeys, contacts, topics
from wxbot.store.apikeys import SCOPES, Scope
from wxbot.web.api_call import Operation
from wxbot.web.api_models import NewMessage, NewPublication, NewSubscribers
from wxbot.web.api_plans import NewPlanChange
from wxbot.web.push_api import OF_ACCOUNT, OPERATIONS, PREFIX, push_api, rule

NEWS = {"moment": 1_900_000_000}
NAMES = [one.name for one in OPERATIONS]
BY_NAME = {one.name: one for one in OPERATIONS}


@pytest.fixture(scope="module")
def shared(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One stage for all cases: none of them depends on what another did."""
    path = tmp_path_factory.mktemp("scopes") / "wxbot.db"
    path.write_bytes(empty_database.read_bytes())
    with staged(f"sqlite:///{path}", Bot(), sending=False) as running:
        yield running


def ask(caller: Caller, one: Operation, openid: str, account: str = "default") -> requests.Response:
    """Make a call that succeeds when it is allowed."""
    id = Caller(caller.stage).post(body_for(BY_NAME["send_message"], openid)).json()["id"]
    every = Caller(caller.stage)
    every.call("POST", "/topics/news/subscribers", json={"openids": [openid]})
    every.call("POST", "/topics/news/plan", json=NEWS)
    path = one.path.format(id=id, openid=openid, topic="news")
    if one.takes_file:
        return caller.call(one.method, path, account=account, data=b"GIF89a")
    return caller.call(one.method, path, account=account, json=body_for(one, openid))


def body_for(one: Operation, openid: str) -> object:
    """Return a body that the operation takes."""
    text = {"text": "x", "due_at": 1_900_000_000}
    bodies: dict[type[BaseModel], object] = {
        NewMessage: {**text, "openid": openid},
        NewPublication: {**text, "key": openid},
        NewSubscribers: {"openids": [openid]},
        NewPlanChange: NEWS,
    }
    return bodies[one.body] if one.body else None


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("name", NAMES)
def test_a_call_is_allowed_by_its_scope_and_by_no_other(shared: Stage, name: str, scope: Scope) -> None:
    one, before = BY_NAME[name], shared.states()
    answer = ask(Caller(shared, scope), one, writer(shared))

    if scope == one.scope:
        assert answer.status_code == one.status
    else:
        assert refused(answer) == (403, [])
        assert shared.states() == [*before, "scheduled"]  # the one that `ask` prepares


@pytest.mark.parametrize("asked", ["default", "other", "nobody"])
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("name", NAMES)
def test_no_key_reaches_another_account_nor_learns_whether_it_exists(
    shared: Stage, name: str, scope: Scope, asked: str
) -> None:
    before = shared.states()
    foreign = "other" if asked != "other" else "default"
    answer = ask(Caller(shared, scope, account=foreign), BY_NAME[name], writer(shared), account=asked)

    assert refused(answer) == (404, [])
    assert answer.json()["detail"] == "there is no such account for this key"
    assert shared.states() == [*before, "scheduled"]


def test_what_another_account_holds_is_not_there(shared: Stage) -> None:
    new = FollowUp(message=message_json(Text("secret")), due_at=1_900_000_000.0)
    store, now = shared.store(), shared.clock.now()
    store.write(lambda tx: contacts.seen(tx, "b", "oOfB", now, None))
    store.write(lambda tx: topics.subscribe(tx, "b", "of-b", "oOfB", now))
    id = queue(store, "b", "oOfB", new, origin="test", now=now).id
    caller, before = Caller(shared), shared.states()

    asked = [caller.get(f"/messages/{id}"), caller.call("DELETE", f"/messages/{id}"), caller.get("/contacts/oOfB")]
    asked.append(caller.post({"openid": "oOfB", "text": "x"}))
    asked.append(caller.call("POST", "/topics/news/subscribers", json={"openids": ["oOfB"]}))
    asked.append(caller.get("/topics/of-b/subscribers"))
    asked.append(caller.call("DELETE", "/topics/of-b/subscribers/oOfB"))
    asked.append(caller.call("POST", "/topics/of-b/publish", json={"text": "x", "key": "k"}))
    assert [refused(answer)[0] for answer in asked] == [404] * 8
    assert "oOfB" not in caller.get("/contacts?limit=1000").text
    assert "of-b" not in caller.get("/topics?limit=1000").text
    assert shared.rows("SELECT openid FROM subscriptions WHERE account = 'b'") == [("oOfB",)]
    assert shared.states() == before
    store.close()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer x", "Basic {key}", "{key}", "Bearer {key}x", "Bearer {key} {key}"]
)
def test_without_a_good_key_nothing_is_told(shared: Stage, name: str, authorization: str | None) -> None:
    caller, one = Caller(shared), BY_NAME[name]
    header = None if authorization is None else authorization.format(key=caller.key)
    url = f"{caller.base}/accounts/default{one.path.format(id=1, openid='o', topic='t')}"
    answer = requests.request(one.method, url, headers={"Authorization": header}, json={}, timeout=10)

    assert refused(answer) == (401, [])
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_a_key_that_has_ended_opens_nothing(shared: Stage, end: str) -> None:
    now = shared.clock.now()
    caller = Caller(shared, expires_at=now if end == "expired" else now + 60)
    if end == "revoked":
        assert caller.get("/contacts").status_code == 200
        store = shared.store()
        store.write(lambda tx: apikeys.revoke(tx, caller.key.split("_")[1], now))
        store.close()

    assert refused(caller.get("/contacts"))[0] == 401


def test_the_use_of_a_key_is_noted_to_the_minute(shared: Stage) -> None:
    caller, now = Caller(shared), shared.clock.now()

    def used_after_a_call_at(seconds: float) -> float | None:
        shared.clock.seconds = now + seconds
        caller.get("/contacts/oNobody")
        store = shared.store()
        found = {one.id: one.used_at for one in store.read(apikeys.listed)}
        store.close()
        return found[caller.key.split("_")[1]]

    assert [used_after_a_call_at(seconds) for seconds in (0, 59, 60)] == [now, now, now + 60]


def test_no_route_to_an_account_lies_beside_the_operations(shared: Stage) -> None:
    app = Flask("routes")
    store = shared.store()
    app.register_blueprint(push_api(store, shared.clock, {"default"}, 1.0))
    store.close()
    routes = {
        (str(one), method)
        for one in app.url_map.iter_rules()
        for method in (one.methods or set()) - {"HEAD", "OPTIONS"}
        if str(one) not in {f"{PREFIX}/", f"{PREFIX}/openapi.json", "/static/<path:filename>"}
    }

    assert routes == {(PREFIX + rule(one), one.method) for one in OPERATIONS}
    assert all(path.startswith(PREFIX + OF_ACCOUNT.split("{", maxsplit=1)[0]) for path, _ in routes)
