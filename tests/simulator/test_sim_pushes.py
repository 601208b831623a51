"""What the bot is sent, how often, and what its answers look like on the phone: docs/platform.md §1 to §3."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Request, Response
from lxml import etree

from simulator.bench import Bench, reply, running
from wxbot.protocol.cipher import Cipher
from wxbot.protocol.signature import sign
from wxbot.simulator.config import Mode
from wxbot.simulator.kinds import EVENTS, MESSAGES
from wxbot.simulator.user_side import NOTICE


def element(body: bytes, path: str) -> str | None:
    return etree.fromstring(body).findtext(path)


def test_a_text_is_signed_and_posted_as_xml(bench: Bench) -> None:
    openid = bench.user()
    bench.act(openid, "text", content="你好 ]]> <b>")
    push = bench.bot.pushes[0]
    query = push.query
    assert push.content_type == "text/xml"
    assert query["signature"] == sign("Wechat4go", query["timestamp"], query["nonce"])
    assert query["openid"] == element(push.body, "FromUserName") == openid
    assert element(push.body, "Content") == "你好 ]]> <b>"
    assert element(push.body, "CreateTime") == "1800000000"


@pytest.mark.parametrize("kind", [*MESSAGES, *EVENTS])
def test_every_type_arrives_under_its_platform_name(bench: Bench, kind: str) -> None:
    bench.act(bench.user(), kind)
    body = bench.bot.pushes[0].body
    if kind in MESSAGES:
        assert element(body, "MsgType") == kind
        assert 16 <= len(element(body, "MsgId") or "") <= 19
    else:
        assert (element(body, "MsgType"), element(body, "Event")) == ("event", kind)
        assert element(body, "MsgId") is None


@pytest.mark.parametrize(
    ("action", "path", "expected"),
    [
        ({"type": "CLICK", "event_key": "STATUS"}, "EventKey", "STATUS"),
        ({"type": "subscribe", "scene": "ca1501"}, "EventKey", "qrscene_ca1501"),
        ({"type": "SCAN", "scene": 7}, "EventKey", "7"),
        ({"type": "location", "location_x": 1.5}, "Location_X", "1.5"),
        ({"type": "scancode_waitmsg", "scan_result": "2"}, "ScanCodeInfo/ScanResult", "2"),
        ({"type": "text", "content": "a", "bizmsgmenuid": "3"}, "bizmsgmenuid", "3"),
        ({"type": "moon_landing", "fields": {"Crew": {"Size": 3}}}, "Crew/Size", "3"),
        ({"type": "hologram", "message": True, "fields": {"Depth": "4"}}, "Depth", "4"),
    ],
)
def test_an_action_sets_elements_by_name(bench: Bench, action: dict[str, Any], path: str, expected: str) -> None:
    bench.act(bench.user(), **{"kind" if name == "type" else name: value for name, value in action.items()})
    assert element(bench.bot.pushes[0].body, path) == expected


def test_an_unknown_type_is_an_error_that_lists_the_known_ones(bench: Bench) -> None:
    assert "scancode_push" in bench.act(bench.user(), "dance")["error"]


@pytest.mark.parametrize("mode", ["compat", "safe"])
def test_an_encrypted_push_opens_with_the_key(mode: Mode) -> None:
    with running(mode=mode) as bench:
        bench.act(bench.user(), "text", content="秘密")
        push = bench.bot.pushes[0]
        encrypted, query = element(push.body, "Encrypt") or "", push.query
        inner = Cipher(bench.config.aes_key, bench.config.appid).decrypt(encrypted)
        assert query["encrypt_type"] == "aes"
        assert query["msg_signature"] == sign("Wechat4go", query["timestamp"], query["nonce"], encrypted)
        assert element(inner, "Content") == "秘密"
        assert (element(push.body, "Content") == "秘密") is (mode == "compat")


def test_an_encrypted_reply_is_shown_and_a_plain_one_is_not_in_safe_mode() -> None:
    with running(mode="safe") as bench:
        openid = bench.user()
        plain = reply(openid, "<Content>hi</Content>")
        bench.bot.answer = lambda _: plain
        assert bench.act(openid, "text", content="1")["notice"] is True
        encrypted = Cipher(bench.config.aes_key, bench.config.appid).encrypt(plain.encode())
        signature = sign("Wechat4go", "1", "2", encrypted)
        bench.bot.answer = lambda _: (
            f"<xml><Encrypt>{encrypted}</Encrypt><MsgSignature>{signature}</MsgSignature>"
            "<TimeStamp>1</TimeStamp><Nonce>2</Nonce></xml>"
        )
        assert bench.act(openid, "text", content="2")["reply"]["text"] == "hi"


def test_a_passive_reply_appears_on_the_phone(bench: Bench) -> None:
    openid = bench.user()
    bench.bot.answer = lambda _: reply(openid, "<Content><![CDATA[你好]]></Content>")
    bench.act(openid, "text", content="hi")
    assert [(item["via"], item["text"]) for item in bench.phone(openid)] == [
        ("user", "hi"),
        ("passive", "你好"),
    ]


@pytest.mark.parametrize("silence", ["success", ""])
def test_success_or_nothing_shows_nothing(bench: Bench, silence: str) -> None:
    openid = bench.user()
    bench.bot.answer = lambda _: silence
    outcome = bench.act(openid, "text", content="hi")
    assert (outcome["reply"], outcome["notice"], len(bench.phone(openid))) == (None, False, 1)


@pytest.mark.parametrize(
    "answer",
    [
        lambda openid: '{"errcode":0}',
        lambda openid: "<xml><Unclosed></xml>",
        lambda openid: reply(openid, "<Content></Content>"),
        lambda openid: reply(openid, f"<Content>{'x' * 2049}</Content>"),
        lambda openid: reply("oSomebodyElse", "<Content>a</Content>"),
        lambda openid: reply(openid, "<Content>a</Content>").replace("MsgType", "msgtype"),
        lambda openid: reply(openid, "<Content>a</Content>").replace("CreateTime", "Created"),
        lambda openid: reply(openid, "<Image></Image>", "image"),
        lambda openid: reply(openid, "<ArticleCount>0</ArticleCount>", "news"),
        lambda openid: reply(openid, "<Content>a</Content>", "wxcard"),
        lambda openid: '<!DOCTYPE xml [<!ENTITY a "b">]>' + reply(openid, "<Content>&a;</Content>"),
        lambda openid: ("<h1>Internal Server Error</h1>", 404),
    ],
)
def test_an_answer_the_platform_cannot_read_shows_the_failure_notice(
    bench: Bench, answer: Callable[[str], Any]
) -> None:
    openid = bench.user()
    bench.bot.answer = lambda _: answer(openid)
    outcome = bench.act(openid, "text", content="hi")
    assert outcome["notice"] is True
    assert bench.phone(openid)[-1]["text"] == NOTICE
    assert len(bench.bot.pushes) == 1


def test_a_failing_server_is_offered_the_same_message_three_times(bench: Bench) -> None:
    bench.bot.answer = lambda _: ("", 500)
    outcome = bench.act(bench.user(), "text", content="hi")
    assert [attempt["status"] for attempt in outcome["attempts"]] == [500, 500, 500]
    assert len({element(push.body, "MsgId") for push in bench.bot.pushes}) == 1
    assert len({push.query["nonce"] for push in bench.bot.pushes}) == 3


def test_the_nonce_can_be_kept_across_deliveries(bench: Bench) -> None:
    bench.bot.answer = lambda _: ("", 500)
    bench.act(bench.user(), "text", content="hi", keep_nonce=True)
    assert len({push.query["nonce"] for push in bench.bot.pushes}) == 1


def test_a_push_can_be_offered_again_after_a_while() -> None:
    with running(repeat_after=0.2, deliveries=2) as bench:
        came: list[float] = []

        def busy(_: Request) -> Response:
            came.append(time.monotonic())
            return Response("", 500)

        bench.bot.answer = busy
        bench.act(bench.user(), "text", content="hi")

    assert came[1] - came[0] >= 0.2


def test_a_second_delivery_that_is_answered_ends_the_retries(bench: Bench) -> None:
    openid = bench.user()
    bench.bot.answer = lambda _: (
        ("", 500) if len(bench.bot.pushes) < 2 else reply(openid, "<Content>late</Content>")
    )
    outcome = bench.act(openid, "text", content="hi")
    assert (len(outcome["attempts"]), outcome["reply"]["text"]) == (2, "late")


def _dripping(_: Request) -> Response:
    def body() -> Any:
        for _ in range(60):
            time.sleep(0.05)
            yield b"s"

    return Response(body())


def _asleep(_: Request) -> str:
    time.sleep(3)
    return "success"


@pytest.mark.parametrize("slow", [_dripping, _asleep])
def test_the_limit_is_on_the_whole_answer(slow: Callable[[Request], Any]) -> None:
    with running(push_limit=0.3) as bench:
        bench.bot.answer = slow
        outcome = bench.act(bench.user(), "text", content="hi")
        assert outcome["notice"] is True
        assert [attempt["status"] for attempt in outcome["attempts"]] == [0, 0, 0]
        assert all(290 <= attempt["ms"] < 2500 for attempt in outcome["attempts"])


def test_a_slow_bot_keeps_only_its_own_user_waiting(bench: Bench) -> None:
    slow, quick = bench.user(), bench.user()
    bench.bot.answer = lambda call: _asleep(call) if slow.encode() in call.get_data() else "success"
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(bench.act, slow, "text", content="slow")
        assert bench.act(quick, "text", content="quick")["attempts"][0]["ms"] < 400
        assert not waiting.done()


def test_news_with_two_articles_in_answer_to_a_text_is_cut_to_one(bench: Bench) -> None:
    openid = bench.user()
    items = "<item><Title>A</Title></item><item><Title>B</Title></item>"
    news = f"<ArticleCount>2</ArticleCount><Articles>{items}</Articles>"
    bench.bot.answer = lambda _: reply(openid, news, "news")
    assert len(bench.act(openid, "text", content="hi")["reply"]["details"]["articles"]) == 1
    assert len(bench.act(openid, "CLICK")["reply"]["details"]["articles"]) == 2


@pytest.mark.parametrize("event", ["unsubscribe", "VIEW", "TEMPLATESENDJOBFINISH", "LOCATION"])
def test_an_event_that_takes_no_answer_never_shows_a_notice(bench: Bench, event: str) -> None:
    bench.bot.answer = lambda _: "nonsense"
    outcome = bench.act(bench.user(), event)
    assert (outcome["reply"], outcome["notice"]) == (None, False)


def test_verification_is_ok_only_when_echostr_comes_back(bench: Bench) -> None:
    bench.bot.answer = lambda call: call.args["echostr"]
    assert bench.post("/sim/verify")["ok"] is True
    bench.bot.answer = lambda call: '"' + call.args["echostr"] + '"'
    assert bench.post("/sim/verify")["ok"] is False
