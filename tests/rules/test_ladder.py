"""The fallback ladder's rules: which rung, with which values, what an answer means, what is in doubt."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.test_budget import NOW, head
from wxbot import template
from wxbot.delivery.budget import after_crash
from wxbot.delivery.ladder import KEY_LIFE, Call, doubt_since, is_keyed, step
from wxbot.delivery.manner import Manner
from wxbot.delivery.rungs import WEBHOOK_WAITS, failed, refused_by_webhook
from wxbot.errors import NoToken, Refused, Unanswered
from wxbot.protocol.errcodes import GROUPS
from wxbot.protocol.notice import Notice
from wxbot.store.gates import Gate

NOTICE = Notice("T", "", {"a": template.parse("{{text}}"), "b": template.parse("{{gate}} {{due}} {{topic}}")})
ALL = Manner(
    ZoneInfo("Asia/Shanghai"),
    fallback=("template", "subscription", "webhook"),
    notices={"template": NOTICE, "subscription": NOTICE},
)
FACTS = '{"gate": "C23"}'


def gate(seconds: float) -> Gate:
    return Gate("template", NOW + seconds, 45011, "too often", NOW)


def called(**more: Any) -> Call:
    found = step(head("news", topic="flight:1", facts=FACTS, **more), ALL, {}, "closed", NOW)
    assert isinstance(found, Call)
    return found


def test_a_template_has_the_text_the_facts_the_topic_and_when_it_was_due() -> None:
    body = json.loads(called(due_at=1_800_000_000.0).body)

    assert {name: one["value"] for name, one in body["data"].items()} == {
        "a": "news",
        "b": "C23 01-15 16:00 flight:1",
    }
    assert body["client_msg_id"] == called(attempts=3).key


def test_a_fact_stands_before_what_every_follow_up_has() -> None:
    found = step(head("long news", topic="t", facts='{"gate": "1", "text": "short"}'), ALL, {}, "closed", NOW)

    assert isinstance(found, Call)
    assert json.loads(found.body)["data"]["a"]["value"] == "short"


@pytest.mark.parametrize("rung", ALL.fallback)
def test_a_follow_up_goes_on_from_the_rung_where_it_stands(rung: str) -> None:
    assert called(rung=rung).rung == rung


def test_a_rung_that_is_no_longer_set_begins_the_ladder_anew() -> None:
    found = step(head("news", rung="template"), Manner(ALL.zone, fallback=("webhook",)), {}, "closed", NOW)

    assert isinstance(found, Call)
    assert found.rung == "webhook"


@pytest.mark.parametrize(("seconds", "rung", "state"), [(119, "template", "queued"), (121, "subscription", None)])
def test_a_gate_is_waited_for_two_minutes_at_most(seconds: float, rung: str, state: str | None) -> None:
    row = head("news", topic="t", facts=FACTS)

    found = step(row, ALL, {"template": gate(seconds)}, "closed", NOW)

    assert (found.rung, getattr(found, "state", None)) == (rung, state)


def test_what_no_rung_can_do_is_held_with_all_the_reasons() -> None:
    two = Manner(ALL.zone, fallback=("template", "subscription"), notices=ALL.notices)

    found = step(head("news", attempts=2, rung="window"), two, {"subscription": gate(9999)}, "closed", NOW)

    assert not isinstance(found, Call)
    assert (found.state, found.attempts, found.rung) == ("held", -2, "window")
    assert found.reason == ("closed; template: no value for {{gate}}, {{topic}}; subscription: it rests: too often")


def test_each_rung_has_its_own_tries() -> None:
    row = head("news", state="sending", rung="template", attempts=3)

    found = failed(Refused(43101), row, ALL, keyed=True, now=NOW, jitter=0.5).move

    assert (found.rung, row.attempts + found.attempts) == ("subscription", 0)


WITHIN, OVER = KEY_LIFE - 1, KEY_LIFE + 1


@pytest.mark.parametrize(
    ("rung", "age", "keyed"),
    [("template", WITHIN, True), ("template", OVER, False), ("webhook", OVER, True), ("subscription", 0, False)],
)
def test_a_key_is_known_for_ten_minutes_by_the_platform_and_for_good_by_a_webhook(
    rung: str, age: float, keyed: bool
) -> None:
    assert is_keyed(rung, NOW - age, NOW) is keyed


def entry(state: str, at: float, **more: object) -> dict[str, object]:
    return {"state": state, "at": at, **more}


TRY, AGAIN, HELD = entry("sending", 2), entry("sending", 4), entry("held", 6)
DOUBT, REFUSED = entry("queued", 3, doubt=True), entry("queued", 3, errcode=-1)


@pytest.mark.parametrize(
    ("history", "since"),
    [
        ([entry("queued", 0), entry("claimed", 1), TRY], 2),
        ([TRY, REFUSED], None),
        ([TRY, DOUBT], 2),
        ([TRY, DOUBT, AGAIN, entry("queued", 5, doubt=True)], 2),
        ([TRY, REFUSED, AGAIN, entry("queued", 5, doubt=True)], 4),
        ([TRY, DOUBT, HELD, entry("queued", 7)], None),
        ([TRY, DOUBT, AGAIN], 2),
    ],
)
def test_doubt_begins_with_the_first_try_that_may_have_arrived(
    history: list[dict[str, object]], since: float | None
) -> None:
    assert doubt_since(history) == since


@pytest.mark.parametrize(("keyed", "state"), [(True, "queued"), (False, "doubtful")])
def test_a_crash_in_a_keyed_call_is_no_doubt(keyed: bool, state: str) -> None:
    row = head("news", state="sending", rung="template", on_doubt="park")

    assert after_crash(row, keyed=keyed).state == state


@given(
    errcode=st.sampled_from(sorted(row[0] for rows in GROUPS.values() for row in rows if row[0] != 0)),
    rung=st.sampled_from(["template", "subscription"]),
    attempts=st.integers(0, 9),
)
def test_no_refusal_on_a_rung_ends_the_follow_up_or_costs_the_user_or_the_window(
    errcode: int, rung: str, attempts: int
) -> None:
    row = head("news", state="sending", rung=rung, attempts=attempts)

    found = failed(Refused(errcode), row, ALL, keyed=True, now=NOW, jitter=0.5)

    assert found.move.state == "queued"  # on this rung or the one below
    assert [found.close_windows, found.cancel_rest, found.give_back] == [False, "", False]
    assert found.gate is None or found.gate.interface == rung
    assert attempts < 6 or found.gate is not None or found.move.rung == ALL.below(rung)


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422])
def test_a_4xx_of_the_webhook_is_a_no(status: int) -> None:
    row = head("news", state="sending", rung="webhook")

    found = refused_by_webhook(status, row, ALL, NOW, 0.5).move

    assert (found.state, found.rung, found.told["status"]) == ("held", "window", status)


def test_the_tries_of_a_webhook_take_about_a_day_and_grow() -> None:
    waits = []
    for attempts in range(len(WEBHOOK_WAITS)):
        row = head("news", state="sending", rung="webhook", attempts=attempts)
        move = refused_by_webhook(503, row, ALL, NOW, 0.5).move
        assert move.due_at == move.ready_at
        waits.append((move.ready_at or 0) - NOW)

    assert waits == sorted(waits)
    assert 20 * 3600 < sum(waits) < 28 * 3600


def test_two_followups_refused_together_do_not_come_back_together() -> None:
    row = head("news", state="sending", rung="webhook", attempts=3)
    ready = {refused_by_webhook(503, row, ALL, NOW, jitter).move.ready_at for jitter in (0.0, 0.5, 0.99)}

    assert len(ready) == 3


@pytest.mark.parametrize("rung", ALL.fallback)
def test_without_a_token_or_a_connection_a_rung_keeps_the_follow_up(rung: str) -> None:
    row = head("news", state="sending", rung=rung, on_doubt="park")

    for exc in (NoToken("none"), Unanswered("refused", delivered_maybe=False)):
        found = failed(exc, row, ALL, keyed=False, now=NOW, jitter=0.5).move
        assert (found.state, found.rung) == ("queued", None)
        assert "doubt" not in found.told
