"""A push comes in: verified, stored once, answered with the same bytes however often it comes."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from werkzeug.test import EnvironBuilder, run_wsgi_app

from flow.conftest import Slow
from flow.stage import Stage, staged, text_push
from simulator.bench import served
from wxbot.app import create_app
from wxbot.protocol.signature import sign
from wxbot.reply.bot import Bot
from wxbot.store.engine import Transaction

MODES = ["plain", "compat", "safe"]


@pytest.mark.parametrize("mode", MODES)
def test_the_url_is_verified_and_a_text_is_answered_in_each_mode(url: str, bot: Bot, mode: str) -> None:
    with staged(url, bot, mode=mode, sending=False) as stage:
        assert stage.post("/sim/verify")["ok"]
        user = stage.user()
        assert stage.act(user, "subscribe")["reply"]["text"] == "欢迎"
        assert stage.say(user, "你好 😀 ]]> <b>")["reply"]["text"] == "echo 你好 😀 ]]> <b>"
        assert stage.ledger()["notices"] == 0


def test_a_wrong_token_is_told_403_and_nothing_is_stored(still: Stage) -> None:
    answer = still.deliver(text_push("hi"), still.signed(token="another"))

    assert answer.status_code == 403
    assert still.rows("SELECT * FROM pushes") == still.rows("SELECT * FROM contacts") == []


@pytest.mark.parametrize("off", [-301, 301, -1_800_000_000])
def test_a_stale_or_future_timestamp_is_told_403(still: Stage, off: int) -> None:
    query = still.signed(timestamp=int(still.clock.now()) + off)

    assert still.deliver(text_push("hi"), query).status_code == 403


@pytest.mark.parametrize("missing", ["signature", "timestamp", "nonce"])
def test_a_missing_or_repeated_parameter_is_told_403(still: Stage, missing: str) -> None:
    query = still.signed()

    assert still.deliver(text_push("hi"), {**query, missing: ""}).status_code == 403
    twice = "&".join(f"{name}={value}" for name, value in [*query.items(), (missing, query[missing])])
    assert requests.post(f"{still.webhook}?{twice}", data=text_push("hi"), timeout=5).status_code == 403


@pytest.mark.parametrize(
    "stamp", ["1_800_000_0", "１８００００００００", "+180000000", "18000000000", "abc", " 1800000000"]
)
def test_a_timestamp_that_is_not_ten_digits_is_told_403(still: Stage, stamp: str) -> None:
    query = {"signature": sign("Wechat4go", stamp, "7"), "timestamp": stamp, "nonce": "7"}

    assert still.deliver(text_push("hi"), query).status_code == 403


def test_an_unknown_account_is_told_404(still: Stage) -> None:
    assert requests.post(still.webhook + "/nobody", params=still.signed(), timeout=5).status_code == 404


def test_markup_in_echostr_is_never_echoed(still: Stage) -> None:
    query = {**still.signed(), "echostr": "<script>alert(1)</script>"}

    answer = requests.get(still.webhook, params=query, timeout=5)

    assert answer.status_code == 403
    assert "script" not in answer.text


def test_more_than_64_kib_is_told_413(still: Stage) -> None:
    assert still.deliver(text_push("x" * 70_000)).status_code == 413


BROKEN = {
    "empty": b"",
    "not xml": b"hello",
    "cut": b"<xml><ToUserName>",
    "dtd": b'<!DOCTYPE xml [<!ENTITY a "b">]><xml><ToUserName>&a;</ToUserName></xml>',
    "external entity": b'<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Content>&a;</Content></xml>',
    "nul": b"<xml>\0<ToUserName>\0</xml>",
    "gbk": "<xml><Content>你好</Content></xml>".encode("gbk"),
    "utf-16": "<xml><Content>hi</Content></xml>".encode("utf-16"),
    "deep": b"<xml>" + b"<a>" * 9000 + b"</a>" * 9000 + b"</xml>",
    "wide": b"<xml>" + b"<a>1</a>" * 8000 + b"</xml>",
    "no sender": b"<xml><ToUserName>gh</ToUserName><MsgType>text</MsgType><CreateTime>1</CreateTime></xml>",
    "json": b'{"ToUserName": "gh_1"}',
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_signed_and_unreadable_is_answered_success_and_what_is_unsigned_403(
    still: Stage, kind: str
) -> None:
    answer = still.deliver(BROKEN[kind])

    assert (answer.status_code, answer.content) == (200, b"success")
    assert still.deliver(BROKEN[kind], still.signed(token="another")).status_code == 403
    assert still.rows("SELECT * FROM pushes") == []


def test_an_unknown_event_is_answered_success_and_kept(still: Stage) -> None:
    push = (
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>oUser</FromUserName><CreateTime>1800000000</CreateTime>"
        "<MsgType>event</MsgType><Event>brand_new_event</Event><Strange><Inside>1</Inside></Strange></xml>"
    )

    assert still.deliver(push).content == b"success"
    assert still.rows("SELECT state FROM pushes") == [("answered",)]


def test_a_repeat_gets_the_first_answers_bytes_even_seconds_later(still: Stage) -> None:
    first = still.deliver(text_push("hi"))
    still.clock.advance(6)

    assert still.deliver(text_push("hi"), still.signed(nonce="8")).content == first.content
    assert still.rows("SELECT count(*) FROM pushes") == [(1,)]


@pytest.mark.parametrize("mode", MODES)
def test_a_repeat_after_a_restart_gets_the_first_answers_bytes(url: str, bot: Bot, mode: str) -> None:
    with staged(url, bot, mode=mode, sending=False) as stage:
        user = stage.user()
        stage.say(user, "hi")
        [pushed] = [one for one in stage.get("/sim/exchanges")["exchanges"] if "wechat?" in one["path"]]
        again = {"data": pushed["request"].encode(), "timeout": 5}
        path = pushed["path"].partition("?")[2]
        first = requests.post(f"{stage.webhook}?{path}", **again).content
        with served(create_app(stage.settings, stage.clock)) as restarted:
            assert requests.post(f"{restarted}/wechat?{path}", **again).content == first
        assert first.startswith(b"<xml>")


def test_three_copies_at_the_same_moment_have_their_effects_once(still: Stage) -> None:
    with ThreadPoolExecutor(9) as pool:
        answers = list(
            pool.map(
                lambda n: still.deliver(text_push("plan 2", msgid=n // 3), still.signed(nonce=f"{n}")), range(9)
            )
        )

    assert {answer.status_code for answer in answers} == {200}
    assert still.rows("SELECT count(*) FROM pushes") == [(3,)]
    assert still.rows("SELECT count(*) FROM followups") == [(6,)]


def test_one_msgid_of_two_users_is_two_pushes(still: Stage) -> None:
    still.deliver(text_push("a", openid="oOne"))
    still.deliver(text_push("b", openid="oTwo"), still.signed(nonce="8"))

    assert still.rows("SELECT openid FROM pushes ORDER BY id") == [("oOne",), ("oTwo",)]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/wechat", 403),
        ("POST", "/wechat", 403),
        ("GET", "/api/v1/accounts/default/contacts", 401),
        ("GET", "/console/", 302),
    ],
)
def test_a_query_of_bytes_that_are_no_text_is_refused_like_any_other(
    still: Stage, method: str, path: str, status: int
) -> None:
    app = create_app(still.settings, still.clock)
    asked = EnvironBuilder(path, method=method).get_environ()
    asked["QUERY_STRING"] = "signature=\xff\xe9&timestamp=1"  # as gunicorn hands on bytes that are not quoted
    _, answered, _ = run_wsgi_app(app, asked)

    assert answered.startswith(str(status))


def test_in_plain_mode_a_signature_cannot_carry_a_second_body(still: Stage) -> None:
    still.deliver(text_push("the real one"))

    assert still.deliver(text_push("forged", msgid=2)).status_code == 403
    assert still.rows("SELECT count(*) FROM pushes") == [(1,)]


def test_in_plain_mode_the_signature_of_a_repeat_cannot_carry_another_body_either(still: Stage) -> None:
    first = still.deliver(text_push("the real one"))
    overheard = still.signed(nonce="of the repeat")
    repeat = still.deliver(text_push("the real one"), overheard)

    assert repeat.content == first.content
    assert still.deliver(text_push("forged", msgid=2), overheard).status_code == 403
    assert still.rows("SELECT count(*) FROM pushes") == [(1,)]


def test_in_plain_mode_a_repeat_under_the_signature_of_another_push_is_told_403(still: Stage) -> None:
    one, two = still.signed(nonce="1"), still.signed(nonce="2")
    still.deliver(text_push("one"), one)
    still.deliver(text_push("two", msgid=2), two)

    assert still.deliver(text_push("one"), two).status_code == 403


def test_in_plain_mode_a_repeat_that_waits_for_the_first_binds_its_signature_too(still: Stage, slow: Slow) -> None:
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(still.deliver, text_push("slow"), still.signed(nonce="1"))
        still.until(lambda: slow.begun)
        repeat = pool.submit(still.deliver, text_push("slow"), still.signed(nonce="2"))
        slow.go.set()
        assert first.result().content == repeat.result().content

    assert still.deliver(text_push("forged", msgid=2), still.signed(nonce="2")).status_code == 403


def test_in_safe_mode_a_plain_body_is_told_403(url: str, bot: Bot) -> None:
    with staged(url, bot, mode="safe", sending=False) as stage:
        assert stage.deliver(text_push("forged")).status_code == 403
        query = {**stage.signed(), "encrypt_type": "aes", "msg_signature": stage.signed()["signature"]}
        assert stage.deliver(text_push("forged"), query).status_code == 403
        assert stage.rows("SELECT * FROM pushes") == []


def test_a_store_that_cannot_write_is_never_a_200(still: Stage) -> None:
    other, holding, done = still.store(), threading.Event(), threading.Event()

    def hold(tx: Transaction) -> None:
        if tx.postgresql:  # SQLite has one writer anyway
            tx.change("LOCK TABLE pushes")
        holding.set()
        done.wait(20)

    holder = threading.Thread(target=other.write, args=(hold,))
    holder.start()
    holding.wait(20)
    refused = still.deliver(text_push("hi"))
    done.set()
    holder.join()
    other.close()

    assert refused.status_code == 503
    assert still.deliver(text_push("hi")).status_code == 200


def test_a_long_reply_is_split_into_the_passive_part_and_follow_ups(stage: Stage) -> None:
    user = stage.user()
    stage.act(user, "subscribe")

    stage.say(user, "long")
    stage.clock.advance(2)
    stage.until(lambda: len(stage.shown(user)) == 4)

    assert "".join(stage.shown(user)[1:]) == "行" * 1500
    assert all(len(part.encode()) <= 2047 for part in stage.shown(user))


def test_content_that_cannot_be_passive_goes_out_as_a_follow_up(stage: Stage) -> None:
    user = stage.user()
    stage.act(user, "subscribe")

    assert stage.say(user, "menu")["attempts"][0]["body"] == "success"

    stage.until(lambda: len(stage.shown(user, "custom")) == 1)


def test_a_session_is_kept_between_pushes_and_ends_after_an_hour(still: Stage) -> None:
    user = still.user()

    replies = [still.say(user, "count")["reply"]["text"] for _ in range(2)]
    still.clock.advance(3601)

    assert [*replies, still.say(user, "count")["reply"]["text"]] == ["n=1", "n=2", "n=1"]


@pytest.mark.parametrize("text", ["exit", "unstorable"])
def test_a_handler_that_ends_the_program_or_wants_what_cannot_be_stored_is_apologised_for(
    still: Stage, text: str
) -> None:
    assert "抱歉" in still.say(still.user(), text)["reply"]["text"]


def test_a_handler_that_raises_is_apologised_for_and_its_push_kept(still: Stage, slow: Slow) -> None:
    user = still.user()

    assert "抱歉" in still.say(user, "boom")["reply"]["text"]

    [(state, error)] = still.rows("SELECT state, error FROM pushes")
    assert state == "failed"
    assert "a bug in a handler" in error
