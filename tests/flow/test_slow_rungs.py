"""A fallback that is slow, or a closed gate of the window, holds back nothing but what needs it."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask
from flask.typing import ResponseReturnValue

from flow.stage import Stage, senders
from flow.test_fallback import falling, late, run
from flow.test_sending import put, writer
from simulator.bench import served
from wxbot.reply.bot import Bot

PATIENT = {"request_limit": 60.0, "lease": 130.0}  # seconds: nothing here ends by its time


@dataclass
class Silent:
    """A webhook that answers nobody before the test says so."""

    answers: threading.Event = field(default_factory=threading.Event)
    calls: int = 0

    def app(self) -> Flask:
        app = Flask("silent")

        @app.post("/hook")
        def _hook() -> ResponseReturnValue:
            self.calls += 1
            self.answers.wait(60)
            return "", 204

        return app


@pytest.fixture
def database(url: str) -> str:
    """The store's URL under another name: `url` is the webhook's here."""
    return url


@pytest.fixture
def silent() -> Iterator[Silent]:
    one = Silent()
    yield one
    one.answers.set()


def patient(stage: Stage) -> Stage:
    """Let calls of this stage's senders take as long as they like."""
    sender = stage.settings.sender.model_copy(update=PATIENT)
    stage.settings = stage.settings.model_copy(update={"sender": sender})
    return stage


def test_a_webhook_that_does_not_answer_leaves_threads_to_those_who_can_be_reached(
    database: str, bot: Bot, silent: Silent
) -> None:
    with (
        served(silent.app()) as url,
        falling(database, bot, "webhook", url=f"{url}/hook") as quick,
    ):
        stage = patient(quick)
        for _ in range(20):
            late(stage)
        reachable = writer(stage)
        with senders(stage.settings, stage.clock, 1):
            stage.until(lambda: silent.calls)
            put(stage, reachable, "boarding")
            stage.until_equal(["boarding"], lambda: stage.shown(reachable, "custom"))
            stage.until(lambda: sorted(stage.states()) == ["queued"] * 19 + ["sending", "sent"])
            silent.answers.set()

        assert silent.calls == 1  # of four threads
        assert stage.rows("SELECT DISTINCT attempts FROM followups") == [(0,)]


def test_what_waited_for_a_place_on_the_ladder_goes_when_its_turn_comes(
    database: str, bot: Bot, silent: Silent
) -> None:
    with (
        served(silent.app()) as url,
        falling(database, bot, "webhook", url=f"{url}/hook") as quick,
    ):
        stage = patient(quick)
        for _ in range(4):
            late(stage)
        with senders(stage.settings, stage.clock, 1):
            stage.until(lambda: sorted(stage.states()) == ["queued"] * 3 + ["sending"])
            silent.answers.set()
            stage.until(lambda: "sent" in stage.states())
            for count in (2, 3, 4):
                stage.clock.advance(1800)
                stage.until(lambda: stage.states().count("sent") >= count)

        assert silent.calls == 4
