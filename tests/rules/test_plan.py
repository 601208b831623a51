"""Plans as values: times from a moment, facts in texts, and what cannot be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxbot import News
from wxbot.errors import InvalidMessage
from wxbot.protocol.content import Article
from wxbot.reply.plan import Plan, PlanChange, loads, notice, step
from wxbot.times.spans import format_span, parse_offset, parse_span

T = 1_800_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("T", 0), (" T-40m ", -2400), ("T+2h20m", 8400), ("T+2h20m+2d", 181_200), ("T+1h-90m", -1800)],
)
def test_an_offset_counts_from_the_moment(text: str, seconds: int) -> None:
    assert parse_offset(text) == seconds


@pytest.mark.parametrize("text", ["", "t", "40m", "-40m", "T40m", "T-", "T-x", "T--40m", "14:05"])
def test_what_is_no_offset_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"such as|example"):
        parse_offset(text)


@given(st.integers(0, 400 * 86_400))
def test_a_span_is_read_as_it_is_written(seconds: int) -> None:
    assert parse_span(format_span(seconds)) == seconds


def test_facts_stand_in_every_text_of_a_content_and_in_the_time() -> None:
    card = News([Article("{{flight}}", "gate {{gate}}", "https://example.com/{{flight}}")])
    one = step("landing", "T+{{duration}}", card)
    facts = {"flight": "CA1501", "gate": "C23"}

    assert one.missing(facts) == ["duration"]
    assert one.due_at(T, {**facts, "duration": "2h"}) == T + 7200
    assert "https://example.com/CA1501" in one.follow_up(facts, T, T, "topic").message


def test_a_fact_is_never_read_as_a_template_and_keeps_its_signs() -> None:
    sent = step("s", "T", "{{a}}").follow_up({"a": '{{b}} "\n\\'}, T, T, "topic").message

    assert sent == '{"msgtype":"text","text":{"content":"{{b}} \\"\\n\\\\"}}'


def test_what_the_moment_tells_is_in_the_plans_time_zone() -> None:
    told = Plan(name="p", steps=[], timezone="Asia/Shanghai").told("news", T, {})

    assert told == {"topic": "news", "time": "16:00", "date": "2027-01-15", "month_day": "01-15"}


def test_a_step_gives_way_to_news_of_what_it_tells() -> None:
    told = {"a": "{{gate}} at {{time}}", "b": "at {{time}}", "c": "{{belt}}", "d": "{{topic}}"}
    steps = [step(name, "T", text) for name, text in told.items()]
    call = step("call", "T", "{{gate}}", priority="decisive")
    plan = Plan(name="p", steps=[*steps, call], moved=notice("moved"), changed={"gate": notice("{{gate}}")})

    assert [plan.replaced_by(one) for one in plan.steps] == ["gate", "moved", None, None, None]
    assert Plan(name="p", steps=steps).replaced_by(steps[1]) is None


def test_a_plan_is_read_as_it_was_kept() -> None:
    plan = Plan(
        name="p",
        steps=[step("a", "T-1h", "{{x}}", not_after="1h", priority="decisive", on_doubt="park")],
        moved=notice("moved", on_closed="drop"),
        changed={"x": notice("x is {{x}}")},
    )

    assert loads(plan.dumps()) == plan


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: step("", "T", "x"), "needs a name"),
        (lambda: step("s", "soon", "x"), "at: 'soon'"),
        (lambda: step("s", "T+{{a b}}", "x"), "at: "),
        (lambda: step("s", "T", "{{a b}}"), "message: "),
        (lambda: step("s", "T", " "), "needs content"),
        (lambda: step("s", "T", "x", not_after="long"), "not_after: 'long'"),
        (lambda: step("s", "T+{{d}}", "x").due_at(T, {"d": "long"}), "step s: 'long'"),
        (lambda: notice("{{a}}").follow_up({"a": "x" * 2048}, T, T, "topic"), "2048 bytes"),
        (lambda: Plan(name="p", steps=[step("s", "T", "x")] * 2), "two steps with the name 's'"),
        (lambda: Plan(name="p", steps=[], timezone="Mars"), "'Mars' is no time zone"),
        (lambda: PlanChange(topic="a b"), "topic 'a b'"),
        (lambda: PlanChange(topic="t", facts={"date": "x"}), "'date' cannot be a fact"),
        (lambda: PlanChange(topic="t", facts={"a-b": "x"}), "'a-b' cannot be a fact"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_written(make: object, told: str) -> None:
    with pytest.raises(InvalidMessage, match=told):
        make()  # type: ignore[operator]  # parametrize loses the type
