"""The charts of the console: what was counted, in numbers that need no script."""

import html
import json
import re
from typing import Any

from flow.console_bench import Person, person
from flow.stage import Stage, staged
from flow.test_console_hostile import harmful
from flow.test_console_topics import write
from wxbot.delivery.counting import Counting
from wxbot.reply.bot import Bot
from wxbot.store import counts
from wxbot.store.engine import Transaction

PAGE = "/default/charts"
HOUR = 3600


def figures(ann: Person) -> dict[str, Any]:
    found = re.search(r'data-figures="([^"]*)"', ann.page(PAGE))
    assert found
    return {one["name"]: one for one in json.loads(html.unescape(found[1]))["figures"]}


def count(stage: Stage, what: str, number: int, *, hours_ago: int = 0, account: str = "default") -> None:
    at = stage.clock.now() - hours_ago * HOUR

    def work(tx: Transaction) -> None:
        counts.add(tx, account, at, what, number)

    write(stage, work)


def test_what_the_sender_has_counted_is_drawn(stage: Stage) -> None:
    openid = stage.user()
    stage.say(openid, "plan 1")
    stage.clock.advance(30)
    stage.until_equal(["sent"], stage.states)
    ann = person(stage)
    stage.clock.advance(60)

    store = stage.store()
    Counting(store, stage.clock).step()  # as the sender does every few seconds
    store.close()

    assert sum(figures(ann)["pushes"]["lines"]["推送"]) == 1
    assert sum(figures(ann)["follow_ups"]["lines"]["已发送"]) == 1


def test_each_hour_of_the_last_24_has_its_numbers(still: Stage) -> None:
    count(still, "pushes", 7, hours_ago=23)
    count(still, "pushes", 1000, hours_ago=24)
    count(still, "failed", 2)
    count(still, "follow_up:refused", 3, hours_ago=1)
    count(still, "pushes", 5, account="other")
    found = figures(person(still))

    pushes, outcomes = found["pushes"], found["follow_ups"]
    assert pushes["hours"][-1] == still.clock.now()
    assert pushes["lines"]["推送"] == [7, *([0] * 23)]
    assert pushes["lines"]["处理出错"] == [*([0] * 23), 2]
    assert outcomes["lines"]["被拒绝"] == [*([0] * 22), 3, 0]


def test_windows_are_drawn_where_they_close(still: Stage) -> None:
    for _ in range(3):
        still.say(still.user(), "hello")
    ann = person(still)

    just_now = figures(ann)["closing"]["lines"]["关闭的窗口"]
    still.clock.advance(10 * HOUR)
    later = figures(ann)["closing"]["lines"]["关闭的窗口"]

    assert (just_now[-1], sum(just_now)) == (3, 3)
    assert (later[-11], sum(later)) == (3, 3)


def test_how_soon_is_told_in_shares(still: Stage) -> None:
    for what, number in (("took:0.2", 90), ("took:1", 5), ("took:3.5", 2), ("took:longer", 1), ("handed_off", 2)):
        count(still, what, number)

    text = person(still).text(PAGE)

    assert "0.2 秒内 90.0% 90.0% 90" in text
    assert "转为后续消息 2.0% 2.0% 2" in text


def test_the_same_numbers_stand_in_tables(still: Stage) -> None:
    count(still, "replies", 1234)

    page = person(still, role="agent").page(PAGE)

    assert "1,234" in page
    assert page.count("<table") == 4
    assert harmful(page) == []


def test_an_account_without_anything_has_charts_too(still: Stage) -> None:
    assert sum(figures(person(still))["pushes"]["lines"]["推送"]) == 0


def test_another_account_is_not_shown(url: str, bot: Bot) -> None:
    with staged(url, bot, sending=False) as stage:
        assert person(stage, "bob", "agent", account="second").get(PAGE).status_code == 404
