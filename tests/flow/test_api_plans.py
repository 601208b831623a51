"""The push API's plans: an airline's system moves a flight, and its travellers hear of it."""

from typing import Any

import pytest
import requests

from flow.stage import Stage, staged
from flow.test_push_api import Caller, refused
from wxbot.examples import flight

STEP = {"name": "boarding", "at": "T-40m", "text": "boarding at {{gate}}"}
PLAN = {"steps": [STEP], "moved": {"text": "now at {{time}}"}}
WHEN = 1_800_086_400  # a day after the stage's clock


def move(stage: Stage, body: Any, topic: str = "flight:CA1501") -> requests.Response:
    return Caller(stage).call("POST", f"/topics/{topic}/plan", json=body)


def test_a_delay_and_a_new_gate_reach_who_asked_for_the_flight(url: str) -> None:
    with staged(url, flight.bot) as stage:
        user = stage.user()
        stage.say(user, "CA1501")
        [(topic, moment)] = stage.rows("SELECT topic, moment FROM plans")
        answer = move(stage, {"moment": moment + 3600, "facts": {"gate": "C25"}}, topic).json()
        stage.until(lambda: len(stage.shown(user, "custom")) == 2)
        shown = stage.shown(user, "custom")

    assert sorted(answer["told"]) == ["gate", "moved"]
    assert [one["due_at"] for one in answer["steps"] if one["step"] == "boarding"] == [moment + 1200]
    assert {one.split("\n")[0] for one in shown} == {
        "CA1501 改为 01-16 15:05 起飞。",
        "CA1501 登机口改为 C25。",
    }


def test_a_plan_can_come_by_the_api_alone(still: Stage) -> None:
    waiting = move(still, {"moment": WHEN, "plan": PLAN}).json()["steps"]
    planned = move(still, {"facts": {"gate": "C23"}}).json()["steps"]
    shown = Caller(still).get("/topics/flight:CA1501/plan").json()

    assert (waiting[0]["state"], waiting[0]["missing"]) == ("waiting", ["gate"])
    assert planned == shown["steps"]
    assert planned == [
        {"step": "boarding", "state": "planned", "due_at": WHEN - 2400, "not_after": None,
         "text": "boarding at C23", "missing": []},
    ]  # fmt: skip


def test_a_move_under_one_idempotency_key_is_made_and_told_once(still: Stage) -> None:
    move(still, {"moment": WHEN, "plan": PLAN})
    caller, path, once = Caller(still), "/topics/flight:CA1501/plan", {"Idempotency-Key": "k"}
    first = caller.call("POST", path, json={"moment": WHEN + 60}, headers=once)
    move(still, {"moment": WHEN + 120})
    again = caller.call("POST", path, json={"moment": WHEN + 60}, headers=once)

    assert first.content == again.content
    assert still.rows("SELECT moment FROM plans") == [(WHEN + 120,)]
    assert still.rows("SELECT count(*) FROM publications WHERE step = 'moved'") == [(1,)]  # it still waits


def test_a_cancelled_plan_stays_cancelled_until_it_has_a_moment_again(still: Stage) -> None:
    move(still, {"moment": WHEN, "facts": {"gate": "1"}, "plan": PLAN})
    caller = Caller(still)

    for method in ("DELETE", "DELETE", "GET"):
        shown = caller.call(method, "/topics/flight:CA1501/plan").json()
        assert (shown["is_cancelled"], shown["facts"]) == (True, {"gate": "1"})
        assert [one["state"] for one in shown["steps"]] == ["cancelled"]
    assert still.rows("SELECT state FROM publications") == [("cancelled",)]
    assert move(still, {"facts": {"gate": "2"}}).json()["is_cancelled"]
    again = move(still, {"moment": WHEN}).json()
    assert (again["is_cancelled"], again["steps"][0]["state"]) == (False, "planned")


def test_what_is_unknown_cannot_be_cancelled(still: Stage) -> None:
    for method in ("GET", "DELETE"):
        assert refused(Caller(still).call(method, "/topics/flight:CA1501/plan"))[0] == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"facts": {"no name": "x"}}, "facts"),
        ({"facts": {"time": "x"}}, "facts"),
        ({"facts": {"gate": 5}}, "facts.gate"),
        ({"facts": {"gate": " "}}, "facts.gate"),
        ({"facts": {"was": "x"}}, "facts"),
        ({"moment": "soon"}, "moment"),
        ({"plan": {"steps": []}}, "plan.steps"),
        ({"plan": {"steps": [STEP, STEP]}}, "plan"),
        ({"plan": {"steps": [{**STEP, "at": "14:05"}]}}, "plan.steps.0"),
        ({"plan": {"steps": [{**STEP, "text": "{{ga te}}"}]}}, "plan.steps.0"),
        ({"plan": {"steps": [{**STEP, "text": "x" * 3000}]}}, "plan.steps.0"),
        ({"plan": {"steps": [{**STEP, "not_after": "forever"}]}}, "plan.steps.0.not_after"),
        ({"plan": {"steps": [STEP], "timezone": "Mars"}}, "plan"),
    ],
)
def test_a_change_that_cannot_be_is_refused_by_its_field_and_changes_nothing(
    still: Stage, body: Any, field: str
) -> None:
    assert refused(move(still, body)) == (422, [field])
    assert still.rows("SELECT count(*) FROM plans") == [(0,)]


def test_facts_that_make_a_text_too_long_change_nothing(still: Stage) -> None:
    move(still, {"moment": WHEN, "facts": {"gate": "C23"}, "plan": {"steps": [{**STEP, "text": "{{gate}}" * 3}]}})

    assert refused(move(still, {"facts": {"gate": "x" * 1000}}))[0] == 422
    assert still.rows("SELECT facts FROM plans") == [('{"gate": "C23"}',)]


def test_a_topic_that_cannot_be_is_refused(still: Stage) -> None:
    assert refused(move(still, {"moment": WHEN}, topic="no%20blanks"))[0] == 422
