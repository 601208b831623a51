"""Customer-service messages: what is taken, what is refused and how it looks: docs/platform.md §5."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from simulator.bench import SEND, Bench, running


@pytest.fixture(scope="module")
def open_chat() -> Iterator[tuple[Bench, str]]:
    """A person whose window never fills up."""
    with running(rights="48h") as bench:
        openid = bench.user()
        bench.act(openid, "text", content="hi")
        yield bench, openid


GOOD: list[dict[str, Any]] = [
    {"msgtype": "text", "text": {"content": "好" * 682}},
    {"msgtype": "image", "image": {"media_id": "m"}},
    {"msgtype": "voice", "voice": {"media_id": "m"}},
    {"msgtype": "video", "video": {"media_id": "m", "thumb_media_id": "t"}},
    {"msgtype": "music", "music": {"musicurl": "u", "hqmusicurl": "u", "thumb_media_id": "t"}},
    {"msgtype": "news", "news": {"articles": [{"title": "t"}]}},
    {"msgtype": "mpnews", "mpnews": {"media_id": "m"}},
    {"msgtype": "mpnewsarticle", "mpnewsarticle": {"article_id": "a"}},
    {"msgtype": "msgmenu", "msgmenu": {"head_content": "?", "list": [{"id": "1", "content": "是"}]}},
    {"msgtype": "wxcard", "wxcard": {"card_id": "c"}},
    {
        "msgtype": "miniprogrampage",
        "miniprogrampage": {"title": "t", "appid": "wx1", "pagepath": "p", "thumb_media_id": "t"},
    },
    {"msgtype": "text", "text": {"content": "a"}, "customservice": {"kf_account": "a@b"}},
    {"msgtype": "text", "text": {"content": "ai"}, "aimsgcontext": {"is_ai_msg": 1}},
]
BAD: list[tuple[dict[str, Any], int]] = [
    ({"msgtype": "text", "text": {"content": "好" * 683}}, 45002),
    ({"msgtype": "text", "text": {"content": ""}}, 44004),
    ({"msgtype": "text"}, 44004),
    ({"msgtype": "image", "image": {}}, 41006),
    ({"msgtype": "image", "image": {"media_id": "bad-1"}}, 40007),
    ({"msgtype": "news", "news": {"articles": [{}, {}]}}, 45008),
    ({"msgtype": "news", "news": {"articles": {"title": "t"}}}, 45162),
    ({"msgtype": "news", "news": {"articles": []}}, 44003),
    ({"msgtype": "wxcard", "wxcard": {}}, 40073),
    ({"msgtype": "hologram", "hologram": {}}, 40008),
    ({"msgtype": ["text"]}, 40008),
    ({}, 40008),
    ({"msgtype": "text", "text": {"content": "a"}, "customservice": {"kf_account": "a"}}, 61452),
]


@pytest.mark.parametrize("message", GOOD, ids=lambda message: message["msgtype"])
def test_every_type_is_taken_and_shown(open_chat: tuple[Bench, str], message: dict[str, Any]) -> None:
    bench, openid = open_chat
    assert bench.send_raw({"touser": openid, **message}) == 0
    shown = bench.phone(openid)[-1]
    assert (shown["via"], shown["type"], shown["direction"]) == ("custom", message["msgtype"], "in")


@pytest.mark.parametrize(("message", "errcode"), BAD)
def test_every_mistake_has_its_own_code(
    open_chat: tuple[Bench, str], message: dict[str, Any], errcode: int
) -> None:
    bench, openid = open_chat
    assert bench.send_raw({"touser": openid, **message}) == errcode


def test_an_unknown_openid_is_refused(bench: Bench) -> None:
    assert bench.send("oNobody") == 40003


@pytest.mark.parametrize(("body", "errcode"), [(b"", 44002), (b"{", 47001), (b"[]", 47001), (b"\xff", 47001)])
def test_a_body_that_is_no_json_object_is_refused(bench: Bench, body: bytes, errcode: int) -> None:
    answer = requests.post(bench.url + SEND, params={"access_token": bench.token()}, data=body, timeout=5)
    assert answer.json()["errcode"] == errcode


def test_get_is_refused(bench: Bench) -> None:
    assert bench.call(SEND)["errcode"] == 43002


@pytest.mark.parametrize(("escape", "shown"), [(True, "\\u4f60\\u597d\n"), (False, "你好\n")])
def test_escapes_arrive_on_the_phone_as_they_were_written(
    open_chat: tuple[Bench, str], escape: bool, shown: str
) -> None:
    bench, openid = open_chat
    message = {"touser": openid, "msgtype": "text", "text": {"content": "你好\n"}}
    body = json.dumps(message, ensure_ascii=escape).encode()
    requests.post(bench.url + SEND, params={"access_token": bench.token()}, data=body, timeout=5)
    assert bench.phone(openid)[-1]["text"] == shown


def test_a_message_accepted_twice_is_counted_as_a_duplicate(bench: Bench) -> None:
    openid = bench.user()
    bench.act(openid, "text", content="hi")
    assert [bench.send(openid, "same"), bench.send(openid, "same"), bench.send(openid, "other")] == [0, 0, 0]
    assert bench.ledger()["duplicates"] == 1


def test_equal_messages_an_hour_apart_are_no_duplicates(bench: Bench) -> None:
    openid = bench.user()
    bench.act(openid, "text", content="hi")
    bench.send(openid, "same")
    bench.advance(3600)
    bench.send(openid, "same")
    assert bench.ledger()["duplicates"] == 0


def test_a_lower_sequence_mark_after_a_higher_one_is_out_of_order(bench: Bench) -> None:
    openid = bench.user()
    bench.act(openid, "text", content="hi")
    for mark in (1, 3, 2):
        bench.send(openid, f"gate #{mark}")
    assert bench.ledger()["out_of_order"] == 1


def test_typing_needs_a_recent_exchange_and_is_not_repeated(bench: Bench) -> None:
    openid = bench.user()
    bench.act(openid, "text", content="hi")
    typing = {"touser": openid, "command": "Typing"}
    path = "/cgi-bin/message/custom/typing"
    assert bench.call(path, {"touser": openid, "command": "Shout"})["errcode"] == 45072
    assert [bench.call(path, typing)["errcode"] for _ in range(2)] == [0, 45081]
    bench.advance(31)
    assert bench.call(path, typing)["errcode"] == 45080
