"""Quiet hours at work: put off, passed by, never joined, and no reason not to answer who writes."""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from flow.stage import Stage, senders, staged
from flow.test_fallback import explained
from flow.test_sending import put, writer
from wxbot.delivery.fanout import publish
from wxbot.protocol.outgoing import FollowUp, text_message
from wxbot.reply.bot import Bot
from wxbot.store import topics

NIGHT = datetime(2027, 1, 15, 23, 30, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
MORNING = NIGHT + 7.5 * 3600


@pytest.fixture
def night(url: str, bot: Bot) -> Iterator[Stage]:
    """Half past eleven at night, quiet for flights; without a sender."""
    topics = {"flight:*": {"quiet": "23:00-07:00"}}
    with staged(url, bot, sending=False, join=60, topics=topics) as stage:
        stage.clock.advance(NIGHT - stage.clock.now())
        yield stage


def test_a_follow_up_waits_for_the_morning_and_others_pass_it(night: Stage) -> None:
    user = writer(night)
    first = put(night, user, "at night", topic="flight:CA1501")
    put(night, user, "no topic")
    with senders(night.settings, night.clock, 1):
        night.until_equal(["scheduled", "sent"], night.states)
        told = explained(night, first)
        night.clock.advance(MORNING - NIGHT - 1)
        assert night.states() == ["scheduled", "sent"]
        night.clock.advance(1)
        night.until_equal(["sent", "sent"], night.states)

    assert night.shown(user, "custom") == ["no topic", "at night"]
    assert "01-16 07:00" in told.now_en
    assert "01-16 07:00" in told.now_zh
    assert told.steps[-1].why == "quiet hours until 01-16 07:00"


def test_one_that_is_quiet_is_not_joined_to_one_that_is_not(night: Stage) -> None:
    user = writer(night)
    for text, topic in (("one", None), ("quiet", "flight:CA1501"), ("two", None)):
        put(night, user, text, topic=topic)
    with senders(night.settings, night.clock, 1):
        night.until_equal(["sent", "scheduled", "sent"], night.states)

    assert night.shown(user, "custom") == ["one\ntwo"]


def test_a_decisive_one_goes_out_at_night(night: Stage) -> None:
    user = writer(night)
    put(night, user, "gate closes", topic="flight:CA1501", priority="decisive")
    with senders(night.settings, night.clock, 1):
        night.until_equal(["sent"], night.states)

    assert night.shown(user, "custom") == ["gate closes"]


def test_what_is_of_no_use_in_the_morning_expires(night: Stage) -> None:
    user = writer(night)
    put(night, user, "taxi", topic="flight:CA1501", not_after=MORNING - 60)
    with senders(night.settings, night.clock, 1):
        night.until_equal(["expired"], night.states)

    assert "quiet hours" in night.rows("SELECT reason FROM followups")[0][0]


def test_a_late_answer_is_given_at_night(url: str, bot: Bot) -> None:
    with staged(url, bot, sending=False, topics={"*": {"quiet": "23:00-07:00"}}) as stage:
        stage.clock.advance(NIGHT - stage.clock.now())
        stage.say(stage.user(), "menu")
        with senders(stage.settings, stage.clock, 1):
            stage.clock.advance(2)
            stage.until_equal(["sent"], stage.states)


def test_what_was_held_is_in_the_reply_at_night(night: Stage) -> None:
    user = night.user()
    night.act(user, "VIEW", url="https://example.com/")
    night.clock.advance(-3600)
    put(night, user, "held", topic="flight:CA1501")
    with senders(night.settings, night.clock, 1):
        night.until_equal(["held"], night.states)
    night.clock.advance(3600)

    night.say(user, "hello")

    assert night.shown(user) == ["held\n\necho hello"]


def test_waiting_to_be_joined_does_not_lead_into_quiet_hours(night: Stage) -> None:
    night.clock.advance(-30 * 60 - 20)  # 20 s before it gets quiet
    user = writer(night)
    put(night, user, "now", topic="flight:CA1501")
    put(night, user, "soon", wait=30)
    with senders(night.settings, night.clock, 1):
        night.until_equal(["sent", "scheduled"], night.states)

    assert night.shown(user, "custom") == ["now"]


def test_nothing_waits_for_one_that_will_be_quiet_itself(night: Stage) -> None:
    night.clock.advance(-30 * 60 - 20)
    user = writer(night)
    put(night, user, "now")
    put(night, user, "quiet by then", wait=30, topic="flight:CA1501")
    with senders(night.settings, night.clock, 1):
        night.until_equal(["sent", "scheduled"], night.states)


def test_nothing_waits_for_a_publication_that_will_be_quiet(night: Stage) -> None:
    night.clock.advance(-30 * 60 - 20)
    user, store, now = writer(night), night.store(), night.clock.now()
    store.write(lambda tx: topics.subscribe(tx, "default", "flight:CA1501", user, now))
    new = FollowUp(message=text_message("quiet by then"), due_at=now + 30)
    publish(store, "default", "flight:CA1501", new, key="k", now=now)
    store.close()
    put(night, user, "now")
    with senders(night.settings, night.clock, 1):
        night.until_equal(["sent"], night.states)
