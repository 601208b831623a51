"""Plans in the rules file: what they ask for, and their mistakes by line."""

from pathlib import Path

import pytest

from rules.rules_bench import SEVEN, ask, bot_of, text
from rules.test_rules_mistakes import problems
from wxbot.reply.plan import Notice

PLAN = """\
[[plan]]
name = "flight"
facts = ["gate", "belt"]
moved = { text = "now at {{time}}" }
changed = { gate = { text = "gate {{gate}}", priority = "decisive" } }
[[plan.step]]
name = "boarding"
at = "T-40m"
not_after = "40m"
text = "{{company}} boards at {{gate}}"
"""
RULE = """\
[[rule]]
match = { regex = "fly (?P<number>[A-Z]+)" }
reply = "noted"
plan = { name = "flight", topic = "flight:{{number}}:{{date}}", at = "06:00", facts = { gate = "{{number}}1" } }
"""
VALUES = '[values]\ncompany = "CA"\n'


def test_a_rule_lets_a_plan_run_from_the_next_such_time(tmp_path: Path) -> None:
    answered = ask(bot_of(tmp_path, VALUES + PLAN + RULE), text("fly AB"))
    [change] = answered.plan_changes

    assert (change.topic, change.facts, change.overrides) == ("flight:AB:2026-11-26", {"gate": "AB1"}, False)
    assert change.moment == SEVEN + 23 * 3600
    assert answered.later == [(SEVEN + 23 * 3600 - 2400, "CA boards at AB1")]
    assert change.plan is not None
    assert isinstance(change.plan.changed["gate"], Notice)


def test_a_plan_whose_topic_comes_out_impossible_is_left_out_and_the_rest_is_done(tmp_path: Path) -> None:
    rule = RULE.replace("[A-Z]+", ".+")
    answered = ask(bot_of(tmp_path, VALUES + PLAN + rule), text("fly A B"))

    assert (answered.text, answered.plan_changes, answered.subscriptions) == ("noted", [], {})


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('at = "T-40m"', 'at = "14:05"', "6: plan[1].step[1] cannot be: at: '14:05' is no time"),
        ('name = "boarding"\n', "", "6: plan[1].step[1] cannot be: a step needs a name"),
        ('not_after = "40m"', 'not_after = "x"', "6: plan[1].step[1] cannot be: not_after: 'x' is not a span"),
        ("{{gate}}", "{{gte}}", "did you mean {{gate}}?"),
        (
            'moved = { text = "now',
            'moved = { txt = "now',
            "txt is not known; did you mean plan[1].moved.text?",
        ),
        ("changed = { gate", "changed = { gte", "changed.gte is no fact of this plan; did you mean gate?"),
        ('facts = ["gate", "belt"]', 'facts = ["time"]', "3: plan[1].facts has 'time'"),
        ('[[plan]]\nname = "flight"', "[[plan]]", "1: plan[1] needs a name"),
        (
            'plan = { name = "flight"',
            'plan = { name = "fly"',
            "plan.name is no [[plan]] of this file; known are flight",
        ),
        ('topic = "flight:{{number}}:{{date}}", ', "", "plan needs a topic"),
        ('topic = "flight:{{number}}', 'topic = "flight {{number}}', "plan.topic can be no topic"),
        ("facts = { gate", "facts = { gte", "is no fact of plan 'flight'; did you mean gate?"),
        ('at = "06:00"', 'at = "26:00"', "plan.at is no time"),
    ],
)
def test_a_mistake_in_a_plan_is_told_with_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    toml = PLAN.replace("{{company}} ", "") + RULE
    assert old in toml

    assert told in "\n".join(problems(tmp_path, toml.replace(old, new, 1)))


def test_two_plans_of_one_name_are_a_mistake(tmp_path: Path) -> None:
    twice = PLAN.replace("{{company}} ", "") * 2

    assert any("is the name of another plan" in one for one in problems(tmp_path, twice + RULE))
