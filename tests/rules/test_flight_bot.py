"""The flight bot in code and in rules: one traveller, two bots, the same words at the same moments."""

from pathlib import Path

import pytest

from rules.rules_bench import SEVEN, ask, beijing, event, push, text
from wxbot import Context, Text, TransferCustomerService
from wxbot.errors import SettingsError
from wxbot.examples.flight import HELP, flight_bot
from wxbot.examples.timetable import Timetable
from wxbot.reply.bot import Bot
from wxbot.reply.rules import check, load_rules
from wxbot.shipped import shipped

CODE = flight_bot(Timetable(shipped("flights.toml")))
RULES = load_rules(shipped("rules.toml"))
both = pytest.mark.parametrize("bot", [CODE, RULES], ids=["code", "rules"])


@both
def test_a_question_at_seven_is_answered_now_and_five_times_later(bot: Bot) -> None:
    answered = ask(bot, text("CA1501"), SEVEN)

    assert answered.text == (
        "CA1501 北京首都 T3 → 上海虹桥 T2\n11-25 计划 14:05 起飞，16:25 到达\n准点，登机口待定。有变化会通知你。"
    )
    assert answered.later == [
        (beijing("2026-11-25 10:05"), "CA1501 开始值机，请提前办理。"),
        (beijing("2026-11-25 12:35"), "CA1501 登机口 C23。"),
        (beijing("2026-11-25 13:25"), "CA1501 开始登机，请前往 C23 登机口。"),
        (beijing("2026-11-25 16:25"), "CA1501 已到达上海虹桥 T2，行李转盘 12。"),
        (beijing("2026-11-27 16:25"), "CA1501 的里程 1,178 公里已入账。"),
    ]


@pytest.mark.parametrize("flight", ["CA1501", "ca1501", "CZ3101"])
def test_code_and_rules_say_the_same_before_the_day_begins(flight: str) -> None:
    now = beijing("2026-11-25 04:00")

    in_code, in_rules = ask(CODE, text(flight), now), ask(RULES, text(flight), now)

    assert in_code.text == in_rules.text
    assert in_code.later == in_rules.later
    assert [one.not_after for one in in_code.wanted] == [one.not_after for one in in_rules.wanted]


@both
def test_boarding_is_decisive_and_of_no_use_after_the_departure(bot: Bot) -> None:
    [boarding] = [one for one in ask(bot, text("CA1501")).wanted if "开始登机" in one.message]

    assert (boarding.priority, boarding.not_after) == ("decisive", beijing("2026-11-25 14:05"))


@both
def test_asking_twice_asks_for_the_same_plan(bot: Bot) -> None:
    early, late = ask(bot, text("CA1501"), SEVEN), ask(bot, text("ca1501"), SEVEN + 3600)

    assert early.plan_changes == late.plan_changes
    assert [one.topic for one in early.plan_changes] == ["flight:CA1501:2026-11-25"]
    assert late.text == early.text


def test_code_and_rules_have_one_plan() -> None:
    [in_code], [in_rules] = (ask(bot, text("CA1501")).plan_changes for bot in (CODE, RULES))

    assert in_code.plan is not None
    assert in_rules.plan is not None
    assert in_code.plan.dumps() == in_rules.plan.dumps()
    assert in_code.facts == in_rules.facts


def test_what_has_passed_is_left_out() -> None:
    answered = ask(CODE, text("CA1501"), beijing("2026-11-25 13:00"))

    assert [when for when, _ in answered.later] == [
        beijing("2026-11-25 13:25"),
        beijing("2026-11-25 16:25"),
        beijing("2026-11-27 16:25"),
    ]


def test_after_the_departure_the_next_one_is_told() -> None:
    answered = ask(CODE, text("CA1501"), beijing("2026-11-25 14:05"))

    assert "11-26" in (answered.text or "")
    assert answered.later[0][0] == beijing("2026-11-26 10:05")
    assert len(answered.later) == 5


def test_a_flight_over_midnight_lands_on_the_next_day() -> None:
    answered = ask(CODE, text("HU7181"), beijing("2026-11-25 12:00"))

    assert answered.later[-2][0] == beijing("2026-11-26 01:35")


@both
def test_who_asks_about_a_flight_subscribes_to_it_and_may_leave_again(bot: Bot) -> None:
    topic = "flight:CA1501:2026-11-25"

    assert ask(bot, text("ca1501")).subscriptions == {topic: True}
    for said in ("退订CA1501", "退订 ca1501"):
        left = ask(bot, text(said))
        assert left.subscriptions[topic] is False
        assert left.text == "已退订 CA1501，不再通知。"
    late = beijing("2026-11-25 15:00")  # today's has left
    [tomorrow] = ask(bot, text("CA1501"), late).subscriptions
    assert ask(bot, text("退订CA1501"), late).subscriptions[tomorrow] is False


@both
def test_an_unknown_flight_is_told_which_are_known(bot: Bot) -> None:
    answered = ask(bot, text("ZZ999"))

    assert "ZZ999" in (answered.text or "")
    assert "CA1501" in (answered.text or "")
    assert answered.wanted == []


@both
@pytest.mark.parametrize(
    "asked",
    [event("CLICK", "HELP"), text("帮助"), text("你好"), text("CA15011"), push(MsgType="image", MediaId="m")],
    ids=["menu", "help", "hello", "too long a number", "picture"],
)
def test_everything_else_is_answered_with_help(bot: Bot, asked: object) -> None:
    assert ask(bot, asked).text == HELP  # type: ignore[arg-type]  # parametrize loses the type


@both
def test_a_follower_is_welcomed_and_a_human_is_called(bot: Bot) -> None:
    assert "CA1501" in (ask(bot, event("subscribe")).text or "")
    assert ask(bot, text("人工")).reply == TransferCustomerService()
    assert ask(bot, event("CLICK", "OTHER")).reply is None


def test_the_shipped_rules_are_beyond_doubt() -> None:
    assert check(shipped("rules.toml")) == []


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ("[flights.AB123]\nfrom = 'x'", r"flights\.AB123 needs to"),
        ("timezone = 'Mars'", "Mars"),
        ("x = ", "Invalid value"),
    ],
)
def test_a_wrong_timetable_names_its_file_and_what_is_missing(tmp_path: Path, toml: str, named: str) -> None:
    file = tmp_path / "flights.toml"
    file.write_text(toml, "utf-8")

    with pytest.raises(SettingsError, match=f"flights.toml.*{named}"):
        Timetable(file)


def test_a_rating_is_two_questions_in_a_row() -> None:
    session, heard = "{}", []
    for said in ("评价", "很多", "6", "5", "准点！", "评价"):
        ctx = Context("default", "oUser", SEVEN, lambda session=session: session)  # type: ignore[misc]
        heard.append(CODE.answer(text(said), ctx))
        session = ctx.changed_session() or session

    first = Text("这次旅程几颗星？请回复 1 到 5。")
    assert heard == [first, first, first, Text("想说点什么？"), Text("谢谢！★★★★★「准点！」已转告。"), first]
