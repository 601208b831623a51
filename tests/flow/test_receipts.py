"""What the platform tells of a template message or a notification, also before its answer is settled."""

import re

import pytest

from flow.stage import Stage, senders
from flow.test_fallback import NOTICE, TEMPLATE, Receiver, attempts, falling, history, late
from simulator.bench import served
from wxbot.reply.bot import Bot

CONSENT = {"SubscribeMsgPopupEvent": {"List": {"TemplateId": "N1", "SubscribeStatusString": "accept"}}}


@pytest.fixture
def database(url: str) -> str:
    """The store's URL under another name: `url` is the webhook's here."""
    return url


def told_of(stage: Stage) -> str:
    """Return the msgid of the first receipt that has come, "" before that."""
    bodies = "".join(bytes(row[0]).decode() for row in stage.rows("SELECT body FROM pushes ORDER BY id"))
    found = re.search(r"<MsgID>\D*(\d+)", bodies)
    return found[1] if found else ""


@pytest.mark.parametrize(("rung", "path"), [("template", TEMPLATE), ("subscription", NOTICE)])
def test_a_receipt_that_comes_before_the_answer_is_settled_is_not_lost(
    database: str, bot: Bot, rung: str, path: str
) -> None:
    with falling(database, bot, rung) as stage:
        user, _ = late(stage)
        stage.act(user, "subscribe_msg_popup_event", fields=CONSENT)
        before = len(stage.rows("SELECT id FROM pushes"))
        stage.fault("delay", path=path, seconds=0.5)
        with senders(stage.settings, stage.clock, 1):
            stage.until(lambda: len(stage.rows("SELECT id FROM pushes")) > before)
            stage.until(lambda: "receipt" in history(stage)[-1])

        assert stage.states() == ["sent"]


def test_a_receipt_of_a_try_that_nobody_answered_counts_for_its_repeat(database: str, bot: Bot) -> None:
    receiver = Receiver()
    with served(receiver.app()) as url, falling(database, bot, "template", "webhook", url=f"{url}/hook") as stage:
        user, _ = late(stage)
        stage.fault("accept_then_reset", path=TEMPLATE)
        with senders(stage.settings, stage.clock, 1):
            attempts(stage, 1)
            msgid = stage.until(lambda: told_of(stage))
            fields = {"MsgID": int(msgid), "Status": "failed:user block"}
            stage.act(user, "TEMPLATESENDJOBFINISH", fields=fields)
            stage.clock.advance(5)
            stage.until(lambda: stage.rows("SELECT state, rung FROM followups") == [("sent", "webhook")])

        assert [one["receipt"] for one in history(stage) if "receipt" in one] == ["success", "failed:user block"]
        assert len(receiver.calls) == 1
