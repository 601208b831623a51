"""QR codes that subscribe: made by the command, scanned in the simulator, and the publication arrives."""

import json
from pathlib import Path
from typing import Any

import pytest

from flow.conftest import Slow
from flow.stage import Stage, staged
from flow.test_commands import run
from flow.test_push_api import Caller
from flow.test_sending import writer
from wxbot.errors import InvalidMessage
from wxbot.protocol.events import ScanEvent, SubscribeEvent
from wxbot.protocol.scene import scene_of, topic_in
from wxbot.reply.bot import Bot
from wxbot.reply.context import Context

TOPIC = "flight:CA1501:2026-11-25"
JOINED = "SELECT topic, openid FROM subscriptions ORDER BY openid"


def made(stage: Stage, topic: str, *options: str) -> dict[str, Any]:
    done = run(stage, "qrcode", topic, "--json", *options)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def stranger(stage: Stage) -> str:
    return str(stage.post("/sim/users", {"following": False})["openid"])


def test_who_follows_or_scans_through_a_code_is_subscribed_once_and_gets_what_is_published(stage: Stage) -> None:
    old, new, caller = writer(stage), stranger(stage), Caller(stage)
    ticket = made(stage, TOPIC)["ticket"]
    followed = stage.act(new, "qrcode", ticket=ticket)
    for user in (old, old, new):
        stage.act(user, "qrcode", ticket=ticket)
    assert followed["reply"]["text"] == "欢迎"  # the bot's own answer to a new follower
    assert stage.rows(JOINED) == sorted([(TOPIC, old), (TOPIC, new)])

    caller.call("POST", f"/topics/{TOPIC}/publish", json={"text": "登机口改为 C25", "key": "gate"})
    stage.until_equal(["sent"] * 2, stage.states)
    assert [stage.shown(user, "custom") for user in (old, new)] == [["登机口改为 C25"]] * 2


def test_a_bot_without_a_handler_for_it_subscribes_too(url: str) -> None:
    with staged(url, Bot(), sending=False) as stage:
        user = stranger(stage)
        assert stage.act(user, "subscribe", scene=f"topic:{TOPIC}")["reply"] is None

        assert stage.rows(JOINED) == [(TOPIC, user)]


def test_a_handler_sees_the_scene_and_has_the_last_word(url: str) -> None:
    bot = Bot()

    @bot.subscribe
    def welcome(event: SubscribeEvent, ctx: Context) -> str:
        ctx.unsubscribe("news")
        return event.scene

    with staged(url, bot, sending=False) as stage:
        told = stage.act(stranger(stage), "subscribe", scene="topic:news")

        assert told["reply"]["text"] == "topic:news"
        assert stage.rows(JOINED) == []


def test_a_slow_or_failing_handler_does_not_keep_anybody_from_subscribing(url: str, slow: Slow) -> None:
    bot = Bot()

    @bot.scan
    def scanned(event: ScanEvent) -> str:
        if event.scene == "topic:boom":
            raise RuntimeError("a bug in a handler")
        slow.work()
        return "late"

    with staged(url, bot, sending=False) as stage:
        user = writer(stage)
        stage.act(user, "SCAN", scene="topic:slow")
        assert stage.rows(JOINED) == [("slow", user)]
        stage.act(user, "SCAN", scene="topic:boom")

        assert sorted(stage.rows(JOINED)) == [("boom", user), ("slow", user)]
        slow.go.set()
        stage.until(lambda: stage.rows("SELECT count(*) FROM pushes WHERE state = 'handed_off'") == [(0,)])


@pytest.mark.parametrize("scene", ["gate-c23", "topic:", "topic:a b", "topic:😀", "Topic:news", "1"])
def test_any_other_scene_subscribes_nobody_and_is_answered(still: Stage, scene: str) -> None:
    told = still.act(stranger(still), "subscribe", scene=scene)

    assert told["reply"]["text"] == "欢迎"
    assert still.rows(JOINED) == []


def test_the_prefix_is_a_setting_and_an_empty_one_turns_it_off(database: Path) -> None:
    for prefix, scene, topics in (("t-", "t-news", [("news",)]), ("", "topic:news", [])):
        path = database.with_name(f"wxbot{prefix}.db")
        path.write_bytes(database.read_bytes())
        with staged(f"sqlite:///{path}", Bot(), sending=False, scene_prefix=prefix) as stage:
            stage.act(stranger(stage), "subscribe", scene=scene)

            assert stage.rows("SELECT topic FROM subscriptions") == topics


def test_a_code_is_for_ever_or_for_a_span_and_its_picture_is_kept(still: Stage, tmp_path: Path) -> None:
    file = tmp_path / "code.png"
    for_ever, for_a_week = made(still, TOPIC), made(still, TOPIC, "--expires", "7d", "--out", str(file))
    told = run(still, "qrcode", TOPIC, "--expires", "30d").stdout

    assert (for_ever["seconds"], for_a_week["seconds"]) == (None, 7 * 86_400)
    assert for_ever["scene"] == f"topic:{TOPIC}"
    assert file.read_bytes().startswith(b"\x89PNG")
    assert for_ever["image"] == f"{still.platform}/cgi-bin/showqrcode?ticket={for_ever['ticket']}"
    assert f"topic:{TOPIC}, for 720h" in told
    assert "/cgi-bin/showqrcode?ticket=" in told
    assert "http://weixin.qq.com/q/" in told


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["x" * 59], 1, "has 65 characters, and the scene of a QR code holds 64: give a topic of at most 58"),
        (["x" * 10_000], 1, "a topic has 1 to 128 characters"),
        (["a b"], 1, "letters, digits"),
        ([""], 1, "1 to 128 characters"),
        (["news", "--expires", "31d"], 2, "1s to 30d"),
        (["news", "--expires", "0s"], 2, "1s to 30d"),
        (["news", "--expires", "soon"], 2, "not a span"),
        (["news", "--account", "b"], 1, "no account 'b'"),
        (["news", "--out", "/no/such/folder/code.png"], 1, "cannot be written"),
        (["news", "--out", "/"], 2, "directory"),
    ],
)
def test_a_code_that_cannot_be_made_is_told_in_one_line(
    still: Stage, arguments: list[str], status: int, told: str
) -> None:
    done = run(still, "qrcode", *arguments)

    assert (done.returncode, told in done.stderr) == (status, True), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("kind", "errcode", "told"),
    [("errcode", 45009, "refused it: 45009"), ("html", 0, "no usable answer"), ("http502", 0, "no usable answer")],
)
def test_what_the_platform_answers_instead_of_a_code_is_told(
    still: Stage, kind: str, errcode: int, told: str
) -> None:
    still.fault(kind, "/cgi-bin/qrcode/create", 2, errcode=errcode)
    done = run(still, "qrcode", "news")

    assert (done.returncode, told in done.stderr) == (1, True), done.stderr


def test_a_ticket_that_was_never_made_shows_nothing(still: Stage) -> None:
    assert "no QR code" in still.act(still.user(), "qrcode", ticket="gQ")["error"]


def test_a_scene_and_its_topic_are_each_others_inverse() -> None:
    assert topic_in(scene_of("a" * 58, "topic:"), "topic:") == "a" * 58
    assert topic_in("topic:a", "") is None
    with pytest.raises(InvalidMessage, match="no QR code subscribes"):
        scene_of("a", "")
