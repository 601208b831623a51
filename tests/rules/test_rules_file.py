"""The rules file: what fits, what is said, what is sent later."""

import json
from pathlib import Path

import pytest

from rules.rules_bench import OPENID, SEVEN, ask, beijing, bot_of, event, push, text
from wxbot import Article, Image, News, TransferCustomerService
from wxbot.protocol.messages import Push

HI = 'reply = "hi"\n'


def rule(match: str, more: str = HI) -> str:
    return f"[[rule]]\nmatch = {{ {match} }}\n{more}"


@pytest.mark.parametrize(
    ("match", "fits", "others"),
    [
        ("text = 'ab'", text(" ab\n"), [text("abc"), text("AB"), text(""), event("ab"), event("CLICK", "ab")]),
        ("text = ['ab', 'cd']", text("cd"), [text("abcd")]),
        ("text = 'Ab', ignore_case = true", text("aB"), [text("b")]),
        ("contains = 'b'", text("abc"), [text("B"), push(MsgType="voice", Recognition="b", MediaId="1")]),
        ("contains = ['x', 'B'], ignore_case = true", text("abc"), [text("acd")]),
        ("prefix = 'ab'", text("abc"), [text("cab")]),
        ("prefix = 'a', contains = 'c'", text("abc"), [text("ab"), text("bc")]),
        (r"regex = 'a\d+'", text("a12"), [text("a12b"), text("A1"), event("subscribe", "a1")]),
        (r"regex = 'a\d+', ignore_case = true", text("A12"), [text("B1")]),
        (r"regex = '\p{Han}+'", text("你好"), [text("hello")]),
        ("message = 'image'", push(MsgType="image", MediaId="1"), [text("image"), event("image")]),
        ("event = 'scan'", event("SCAN", "1"), [text("scan"), event("subscribe")]),
        ("menu = 'HELP'", event("CLICK", "HELP"), [event("CLICK", "HELPS"), event("VIEW", "HELP"), text("HELP")]),
        ("scene = '7'", event("SCAN", "7"), [event("SCAN", "77"), event("CLICK", "7"), text("7")]),
        ("scene = ['6', '7']", event("subscribe", "qrscene_7"), [event("subscribe", "7"), event("subscribe")]),
        ("event = 'subscribe', scene = '7'", event("subscribe", "qrscene_7"), [event("SCAN", "7")]),
    ],
)
def test_a_rule_is_for_the_pushes_its_match_names(
    tmp_path: Path, match: str, fits: Push, others: list[Push]
) -> None:
    bot = bot_of(tmp_path, rule(match))

    assert ask(bot, fits).text == "hi"
    assert [ask(bot, other).text for other in others] == [None] * len(others)


@pytest.mark.parametrize(
    ("hours", "opens", "ends"),
    [("08:00-22:00", "08:00", "22:00"), ("22:00-06:30", "22:00", "06:30"), ("0:00-7:01", "00:00", "07:01")],
)
def test_hours_begin_with_their_first_minute_and_end_before_their_last(
    tmp_path: Path, hours: str, opens: str, ends: str
) -> None:
    bot = bot_of(tmp_path, rule(f"hours = '{hours}'"))
    first, end = beijing(f"2026-11-25 {opens}"), beijing(f"2026-11-25 {ends}")

    assert [ask(bot, text("x"), now).text for now in (first, end - 1)] == ["hi", "hi"]
    assert [ask(bot, text("x"), now).text for now in (first - 1, end)] == [None, None]


def test_hours_are_those_of_the_files_time_zone(tmp_path: Path) -> None:
    bot = bot_of(tmp_path, "timezone = 'Europe/Berlin'\n" + rule("hours = '00:00-00:01'"))

    assert ask(bot, text("x"), SEVEN).text == "hi"  # 07:00 in Beijing is midnight in Berlin
    assert ask(bot, text("x"), SEVEN + 3600).text is None


def test_hours_alone_leave_events_unanswered(tmp_path: Path) -> None:
    bot = bot_of(tmp_path, rule("hours = '00:00-23:59'"))

    assert ask(bot, event("LOCATION")).text is None


def test_the_default_answers_what_no_other_rule_does_wherever_it_stands(tmp_path: Path) -> None:
    bot = bot_of(tmp_path, '[[rule]]\ndefault = true\npriority = 9\nreply = "?"\n' + rule("text = 'a'"))

    assert [ask(bot, one).text for one in (text("a"), text("b"), event("subscribe"))] == ["hi", "?", None]


def test_a_higher_priority_is_tried_first_and_equal_ones_in_the_files_order(tmp_path: Path) -> None:
    said = [rule("contains = 'a'", f'priority = {p}\nreply = "{n}"\n') for p, n in ((0, "1"), (5, "2"), (5, "3"))]
    bot = bot_of(tmp_path, "".join(said) + rule("contains = 'b'", 'priority = 9\nreply = "4"'))

    assert [ask(bot, text(one)).text for one in ("a", "ab")] == ["2", "4"]


def test_captures_values_and_the_push_fill_a_text(tmp_path: Path) -> None:
    match = r"regex = '(?P<flight>[A-Z]+)(?P<rest>x)? .*'"
    said = 'reply = "{{flight}}|{{rest}}|{{openid}}|{{content}}|{{gate}}|{{n}}|{{date}}|{{month_day}}|{{scene}}"'
    bot = bot_of(tmp_path, "values = { gate = 'C23', n = 5 }\n" + rule(match, said))

    assert ask(bot, text("CA to PEK")).text == f"CA||{OPENID}|CA to PEK|C23|5|2026-11-25|11-25|"


def test_an_event_fills_its_key_and_scene(tmp_path: Path) -> None:
    bot = bot_of(tmp_path, rule("event = 'subscribe'", 'reply = "{{event_key}} {{scene}} {{content}}."'))

    assert ask(bot, event("subscribe", "qrscene_7")).text == "qrscene_7 7 ."


def test_what_a_user_types_is_no_template(tmp_path: Path) -> None:
    more = 'reply = "{{said}}"\n[[rule.follow_up]]\ntext = "{{content}}"\nkey = "{{said}}"'
    bot = bot_of(tmp_path, "values = { secret = 'S' }\n" + rule("regex = '(?P<said>.+)'", more))

    answered = ask(bot, text("{{secret}} {{openid}}"))

    assert answered.text == "{{secret}} {{openid}}"
    assert answered.later[0][1] == "{{secret}} {{openid}}"
    assert answered.follow_ups[0].key == "{{secret}} {{openid}}"


def test_a_text_that_comes_out_blank_is_not_said(tmp_path: Path) -> None:
    more = 'reply = "{{content}}"\n[[rule.follow_up]]\ntext = "{{content}}"'
    answered = ask(bot_of(tmp_path, rule("message = 'image'", more)), push(MsgType="image", MediaId="1"))

    assert (answered.reply, answered.follow_ups) == (None, [])


def test_a_long_text_of_a_user_is_cut_in_a_follow_up(tmp_path: Path) -> None:
    bot = bot_of(tmp_path, rule("prefix = '长'", '[[rule.follow_up]]\ntext = "你写了：{{content}}"'))

    [(_, said)] = ask(bot, text("长" * 681)).later

    assert said.startswith("你写了：长")
    assert len(said.encode()) <= 2047


@pytest.mark.parametrize(
    ("reply", "content"),
    [
        ("{ type = 'image', media_id = '{{m}}' }", Image("M")),
        ("{ text = '{{m}}' }", "M"),
        ("{ type = 'text', content = '{{m}}' }", "M"),
        ("{ type = 'transfer_customer_service' }", TransferCustomerService()),
        ("{ type = 'transfer_customer_service', kf_account = 'a@{{m}}' }", TransferCustomerService("a@M")),
        (
            "{ type = 'news', articles = [{ title = '{{m}}', url = 'u' }, { title = 'b' }] }",
            News([Article("M", url="u"), Article("b")]),
        ),
    ],
)
def test_a_reply_may_be_any_content(tmp_path: Path, reply: str, content: object) -> None:
    bot = bot_of(tmp_path, "values = { m = 'M' }\n" + rule("text = 'a'", f"reply = {reply}"))

    answered = ask(bot, text("a"))

    assert (answered.text or answered.reply) == content


@pytest.mark.parametrize(
    ("when", "due"),
    [
        ("", "2026-11-25 07:00"),
        ("after = '90m'", "2026-11-25 08:30"),
        ("after = '1d2h'", "2026-11-26 09:00"),
        ("at = '13:25'", "2026-11-25 13:25"),
        ("at = '07:00'", "2026-11-26 07:00"),
        ("at = '6:59'", "2026-11-26 06:59"),
        ("at = '13:25'\nday = 1", "2026-11-26 13:25"),
        ("at = '06:00'\nday = 2", "2026-11-28 06:00"),
    ],
)
def test_a_follow_up_is_due_later_and_never_now_for_a_time_of_day(tmp_path: Path, when: str, due: str) -> None:
    bot = bot_of(tmp_path, rule("text = 'a'", f'[[rule.follow_up]]\ntext = "t"\n{when}\n'))

    assert ask(bot, text("a"), SEVEN).later == [(beijing(due), "t")]


def test_a_time_of_day_keeps_its_hour_when_the_clocks_change(tmp_path: Path) -> None:
    more = '[[rule.follow_up]]\ntext = "t"\nat = "09:00"\nday = 1\n'
    bot = bot_of(tmp_path, "timezone = 'Europe/Berlin'\n" + rule("text = 'a'", more))
    before_the_change = beijing("2026-10-24 15:00")  # 09:00 in summer time; the clocks go back on the 25th

    assert ask(bot, text("a"), before_the_change - 1).later == [(beijing("2026-10-25 16:00"), "t")]


def test_a_follow_ups_date_is_the_day_it_is_due(tmp_path: Path) -> None:
    more = '[[rule.follow_up]]\ntext = "{{month_day}}"\nkey = "{{date}}:{{openid}}"\nat = "06:00"\n'
    answered = ask(bot_of(tmp_path, rule("text = 'a'", more)), text("a"))

    assert answered.later[0][1] == "11-26"
    assert answered.follow_ups[0].key == f"2026-11-26:{OPENID}"


def test_every_option_of_a_follow_up_is_passed_on(tmp_path: Path) -> None:
    more = """[[rule.follow_up]]
content = { type = "image", media_id = "M" }
after = "1h"
not_after = "30m"
key = "k:{{openid}}"
coalesce = "c:{{content}}"
topic = "t:{{content}}"
facts = { gate = "C23", said = "{{content}}" }
on_closed = "drop"
priority = "decisive"
on_doubt = "park"
kf_account = "ann@x"
[[rule.follow_up]]
text = "plain"
"""
    full, plain = ask(bot_of(tmp_path, rule("text = 'a'", more)), text("a")).follow_ups

    assert json.loads(full.message) == {
        "msgtype": "image",
        "image": {"media_id": "M"},
        "customservice": {"kf_account": "ann@x"},
    }
    assert "customservice" not in json.loads(plain.message)
    assert (full.due_at, full.not_after) == (SEVEN + 3600, SEVEN + 5400)
    assert (full.key, full.coalesce, full.topic) == (f"k:{OPENID}", "c:a", "t:a")
    assert json.loads(full.facts) == {"gate": "C23", "said": "a"}
    assert (full.on_closed, full.priority, full.on_doubt) == ("drop", "decisive", "park")
    assert (plain.not_after, plain.key, plain.coalesce, plain.topic) == (None, None, None, None)
    assert (plain.on_closed, plain.priority, plain.on_doubt) == ("hold", "normal", "resend")


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    assert ask(bot_of(tmp_path, "\ufeff" + rule("text = 'a'")), text("a")).text == "hi"


def test_a_rule_subscribes_and_unsubscribes_with_values_in_place(tmp_path: Path) -> None:
    toml = rule(
        r"regex = 'follow (?P<flight>\w+)'",
        "subscribe = ['flight:{{flight}}:{{date}}', 'on:{{next_date}}']\nunsubscribe = 'all:{{openid}}'\n",
    )
    answered = ask(bot_of(tmp_path, toml), text("follow CA1501"))

    assert answered.text is None
    assert answered.subscriptions == {
        "flight:CA1501:2026-11-25": True,
        "on:2026-11-26": True,
        f"all:{OPENID}": False,
    }


def test_a_topic_that_is_both_ended_and_wanted_is_wanted(tmp_path: Path) -> None:
    toml = rule("text = 'a'", "subscribe = 'new'\nunsubscribe = ['old', 'new']\n")

    assert ask(bot_of(tmp_path, toml), text("a")).subscriptions == {"old": False, "new": True}


def test_a_topic_that_comes_out_impossible_is_skipped_and_the_rest_is_done(tmp_path: Path) -> None:
    toml = rule(
        "prefix = 'go'", "reply = 'hi'\nsubscribe = ['to:{{content}}', 'news']\nunsubscribe = '{{content}}'\n"
    )
    answered = ask(bot_of(tmp_path, toml), text("go 上海"))

    assert (answered.text, answered.subscriptions) == ("hi", {"news": True})
