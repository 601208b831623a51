"""What the web and a sender do is counted as it happens."""

import threading
import time
from pathlib import Path

import pytest

from flow.stage import PATIENCE, Stage, staged
from wxbot import log
from wxbot.app import create_app
from wxbot.reply.bot import Bot
from wxbot.store import processes
from wxbot.store.engine import Store


def counted(stage: Stage) -> dict[str, int]:
    return {row[0]: row[1] for row in stage.rows("SELECT what, sum(count) FROM counts GROUP BY what")}


def test_a_push_is_kept_with_what_its_answer_took(still: Stage) -> None:
    still.say(still.user(), "hello")

    [(took,)] = still.rows("SELECT took FROM pushes")

    assert 0 < took < 5


def test_errcodes_are_counted_each_time_the_platform_answers_one(stage: Stage) -> None:
    openid = stage.user()
    stage.fault("errcode", errcode=45015)
    stage.say(openid, "plan 1")
    stage.clock.advance(30)

    stage.until(lambda: counted(stage).get("errcode:45015") == 1)


def test_a_handler_that_fails_late_is_counted_when_it_does(url: str) -> None:
    bot, ending = Bot(), threading.Event()

    @bot.text()
    def slow() -> str:
        ending.wait(10)
        raise RuntimeError("too late, too bad")

    with staged(url, bot, sending=False, reply_budget=0.05) as stage:
        stage.say(stage.user(), "hello")
        assert stage.rows("SELECT state, reply FROM pushes")[0][0] == "handed_off"
        assert counted(stage) == {}

        ending.set()

        stage.until_equal({"failed": 1}, lambda: counted(stage))


def test_a_sender_tells_that_it_is_alive(stage: Stage) -> None:
    stage.until_equal([("sender",)], lambda: stage.rows("SELECT kind FROM processes"))


def test_a_web_process_tells_that_it_is_alive(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{database}"
    for name, value in {
        "TOKEN": "t",
        "APPID": "wx0123456789abcdef",
        "APPSECRET": "s",
        "MODE": "plain",
        "DATABASE_URL": url,
    }.items():
        monkeypatch.setenv(f"WXBOT_{name}", value)
    monkeypatch.setenv("WXBOT_BOT", "wxbot.examples.flight:bot")

    create_app()
    log.configure(quiet=True)  # as for all other tests

    store, end = Store(url), time.monotonic() + PATIENCE
    while not (found := store.read(processes.listed)) and time.monotonic() < end:
        time.sleep(0.01)
    store.close()
    assert [one.kind for one in found] == ["web"]
