"""A fallback that is slow, or a closed gate of the window, holds back nothing but what needs it."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import pytest
from flask import Flask
from flask.typing import ResponseReturnValue

from flow.stage import Stage, senders
from flow.test_fallback import DAY, FACTS, Receiver, falling, late, run
from flow.test_sending import put, writer
from simulator.bench import served
from wxbot.reply.bot import Bot
from wxbot.store import gates
from wxbot.store.gates import Gate, Interface


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


def more_are_sent(stage: Stage, than: int) -> bool:
    return stage.states().count("sent") > than


def test_a_webhook_that_does_not_answer_leaves_threads_to_those_who_can_be_reached(
    database: str, bot: Bot, silent: Silent
) -> None:
    with (
        served(silent.app()) as url,
        falling(database, bot, "webhook", url=f"{url}/hook") as stage,
    ):
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
        falling(database, bot, "webhook", url=f"{url}/hook") as stage,
    ):
        for _ in range(4):
            late(stage)
        with senders(stage.settings, stage.clock, 1):
            stage.until(lambda: sorted(stage.states()) == ["queued"] * 3 + ["sending"])
            silent.answers.set()
            stage.until(lambda: "sent" in stage.states())
            while (sent := stage.states().count("sent")) < 4:
                stage.clock.advance(1800)
                stage.until(partial(more_are_sent, stage, than=sent))

        assert silent.calls == 4


def close(stage: Stage, interface: Interface, seconds: float, errcode: int, *, probe: float | None = None) -> None:
    store, now = stage.store(), stage.clock.now()
    gate = Gate(interface, now + seconds, errcode, "too many today", now, probe and now + probe)
    store.write(lambda tx: gates.close(tx, "default", gate))
    store.close()


@pytest.mark.parametrize(("interface", "errcode"), [("send", 45009), ("token", 40164)])
def test_a_closed_gate_of_the_window_does_not_hold_back_the_webhook(
    database: str, bot: Bot, interface: Interface, errcode: int
) -> None:
    receiver = Receiver()
    with (
        served(receiver.app()) as url,
        falling(database, bot, "template", "webhook", url=f"{url}/hook") as stage,
    ):
        close(stage, interface, DAY, errcode)
        late(stage)
        run(stage, "sent")
        reachable = writer(stage)
        put(stage, reachable, "boarding", on_closed="template", topic="flight:CA1501", facts=FACTS)
        put(stage, writer(stage), "no fallback")
        run(stage, "sent", "sent", "queued")

        rung = "template" if interface == "send" else "webhook"  # a template message needs a token too
        assert stage.rows("SELECT rung FROM followups ORDER BY id") == [(rung,), (rung,), ("window",)]
        assert stage.shown(reachable, "custom") == []


def test_a_gate_that_is_closed_for_a_minute_is_waited_for(database: str, bot: Bot) -> None:
    with falling(database, bot, "template") as stage:
        user = writer(stage)
        put(stage, user, "boarding", on_closed="template", topic="flight:CA1501", facts=FACTS)
        close(stage, "send", 60, 45011)
        with senders(stage.settings, stage.clock, 1):
            stage.clock.advance(61)
            stage.until_equal(["boarding"], lambda: stage.shown(user, "custom"))


def test_what_no_rung_takes_waits_for_the_gate_and_not_for_the_user(database: str, bot: Bot) -> None:
    with falling(database, bot, "template") as stage:
        user = writer(stage)
        put(stage, user, "boarding", on_closed="template", topic="flight:CA1501", facts="{}")
        close(stage, "send", DAY, 45009, probe=900)
        with senders(stage.settings, stage.clock, 1):
            stage.until(lambda: "no value for" in stage.rows("SELECT reason FROM followups")[0][0])
            waiting = stage.states()
            stage.clock.advance(901)
            stage.until_equal(["sent"], stage.states)

        assert waiting == ["queued"]
        assert stage.shown(user, "custom") == ["boarding"]
