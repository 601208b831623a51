"""The calendar of the console: what is planned, by day and by hour, in the console's zone."""

from urllib.parse import quote

import pytest

from flow.console_bench import Person, person
from flow.hostile_texts import HOSTILE
from flow.stage import Stage, staged
from flow.test_console_hostile import harmful
from flow.test_console_topics import NAME, plan_it, subscriber
from wxbot.reply.bot import Bot

PAGE = "/default/calendar"
HOUR = 3600
TODAY = "2027-01-15"  # it is 16:00 in Asia/Shanghai


def publish(ann: Person, text: str, at: str = "") -> None:
    assert ann.post(f"/default/topics/{NAME}/publish", text=text, at=at, nonce=text).status_code == 303


def test_the_week_shows_publications_and_steps_by_their_day(still: Stage) -> None:
    subscriber(still)
    ann = person(still)
    publish(ann, "tomorrow", "2027-01-16T00:00")
    publish(ann, "today", "2027-01-15T23:59")
    publish(ann, "too far", "2027-01-23T00:00")
    plan_it(still, still.clock.now() + 30 * HOUR)

    text = ann.text(PAGE)

    order = ["今天", "today", TODAY.replace("15", "16"), "tomorrow", "开始值机"]
    places = [text.index(one) for one in order]
    assert places == sorted(places)
    assert "too far" not in text
    assert "1 人订阅" in text


def test_a_day_shows_each_thing_in_its_hour(still: Stage) -> None:
    openid = subscriber(still)
    still.say(openid, "plan 3")  # at once, in 10 s and in 20 s
    ann = person(still)
    publish(ann, "in the evening", f"{TODAY}T20:30")

    text = ann.text(f"{PAGE}?day={TODAY}")

    assert text.index("16:00 3 条后续消息") < text.index("17:00") < text.index("20:00") < text.index("20:30")
    assert text.index("20:30") < text.index("in the evening") < text.index("21:00")
    assert "in the evening" not in ann.text(f"{PAGE}?day=2027-01-16")


def test_what_was_published_stays_in_its_day(stage: Stage) -> None:
    openid = subscriber(stage)
    ann = person(stage)

    publish(ann, "now")

    stage.until_equal(["now"], lambda: stage.shown(openid, "custom"))
    stage.until(lambda: "已生成 1 条" in ann.text(f"{PAGE}?day={TODAY}"))


@pytest.mark.parametrize("day", ["yesterday", "2027-13-01", "9999-12-31", "0001-01-01"])
def test_a_day_that_is_none_shows_the_week(still: Stage, day: str) -> None:
    assert "没有安排" in person(still).text(f"{PAGE}?day={day}")


def test_agents_may_look_and_are_not_led_where_they_may_not_go(still: Stage) -> None:
    subscriber(still)
    publish(person(still), "later", f"{TODAY}T20:30")
    bob = person(still, "bob", "agent")

    for path in (PAGE, f"{PAGE}?day={TODAY}"):
        assert "later" in bob.page(path)
        assert "/default/topics/" not in bob.page(path)
        assert "/default/outbox" not in bob.page(path)


def test_another_account_is_not_shown(url: str, bot: Bot) -> None:
    with staged(url, bot, sending=False) as stage:
        assert person(stage, "bob", "agent", account="second").get(PAGE).status_code == 404


@pytest.mark.parametrize("number", range(3, 300, 43))
def test_nothing_hostile_can_run(still: Stage, number: int) -> None:
    subscriber(still)
    ann = person(still)
    ann.post(f"/default/topics/{NAME}/publish", text=HOSTILE[number], at=f"{TODAY}T20:30", nonce="1")

    for path in (PAGE, f"{PAGE}?day={TODAY}", f"{PAGE}?day={quote(HOSTILE[number])}"):
        assert harmful(ann.page(path)) == []
