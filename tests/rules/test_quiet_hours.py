"""Quiet hours: who keeps them, and when they are over, on days that have 23 or 25 hours too."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.test_budget import head
from wxbot.delivery.manner import Manner, Manners, put_off
from wxbot.store.lanes import Lane
from wxbot.times.local_time import parse_hours

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
NIGHT = Manner(SHANGHAI, parse_hours("23:00-07:00", SHANGHAI))
LANE = Lane(1, "oUser", "followup", 1)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


@pytest.mark.parametrize(
    ("hours", "now", "end"),
    [
        ("23:00-07:00", "2026-11-25T23:00", "2026-11-26T07:00"),
        ("23:00-07:00", "2026-11-26T00:00", "2026-11-26T07:00"),
        ("23:00-07:00", "2026-12-31T23:59", "2027-01-01T07:00"),
        ("12:00-14:00", "2026-11-25T13:59", "2026-11-25T14:00"),
        ("22:00-00:00", "2026-11-25T23:30", "2026-11-26T00:00"),
    ],
)
def test_quiet_hours_are_over_at_their_next_end(hours: str, now: str, end: str) -> None:
    assert parse_hours(hours, SHANGHAI).over_at(at(now)) == at(end)


@pytest.mark.parametrize(
    ("hours", "now", "end"),
    [
        ("23:00-07:00", "2026-03-28T23:30+01:00", "2026-03-29T07:00+02:00"),  # a night of 7 hours
        ("23:00-07:00", "2026-10-24T23:30+02:00", "2026-10-25T07:00+01:00"),  # a night of 9
        ("23:00-02:30", "2026-10-25T02:15+02:00", "2026-10-25T02:30+02:00"),  # its end comes twice
        ("23:00-02:30", "2026-10-25T02:15+01:00", "2026-10-25T02:30+01:00"),
        ("23:00-02:30", "2026-03-29T01:10+01:00", "2026-03-29T03:30+02:00"),  # there is no 02:30 that night
    ],
)
def test_the_clocks_that_go_back_and_forward_do_not_confuse_them(hours: str, now: str, end: str) -> None:
    moment, over = (datetime.fromisoformat(text).timestamp() for text in (now, end))

    assert parse_hours(hours, BERLIN).over_at(moment) == over


@given(now=st.integers(1_700_000_000, 2_000_000_000), start=st.integers(0, 1439), end=st.integers(0, 1439))
def test_quiet_hours_that_hold_are_over_within_two_days_and_not_quiet_then(now: int, start: int, end: int) -> None:
    if start == end:
        return
    hours = parse_hours("-".join(f"{each // 60:02}:{each % 60:02}" for each in (start, end)), BERLIN)
    if hours.hold(now):
        over = hours.over_at(now)
        assert now < over <= now + 2 * 86_400
        assert not hours.hold(over)


def test_a_follow_up_in_quiet_hours_is_due_at_their_end() -> None:
    later = put_off(head("news"), LANE, NIGHT, at("2026-11-25T23:30"))

    assert later is not None
    assert (later.state, later.due_at, later.ready_at) == ("scheduled", at("2026-11-26T07:00"), later.due_at)
    assert later.reason == "quiet hours until 11-26 07:00"


def test_a_follow_up_of_no_use_after_the_quiet_hours_expires_with_that_reason() -> None:
    later = put_off(head("news", not_after=at("2026-11-26T06:59")), LANE, NIGHT, at("2026-11-25T23:30"))

    assert later is not None
    assert later.state == "expired"
    assert "quiet hours" in later.reason


def test_one_that_is_too_late_already_is_not_said_to_be_so_for_the_quiet_hours() -> None:
    now = at("2026-11-25T23:30")

    assert put_off(head("news", not_after=now - 1), LANE, NIGHT, now) is None


def test_decisive_ones_wake_unless_that_is_switched_off() -> None:
    decisive, now = head("news", priority="decisive"), at("2026-11-25T23:30")

    assert put_off(decisive, LANE, NIGHT, now) is None
    assert put_off(decisive, LANE, replace(NIGHT, decisive_wakes=False), now) is not None


def test_an_answer_to_what_the_user_wrote_is_never_quiet() -> None:
    assert put_off(head("news"), replace(LANE, lane="chat"), NIGHT, at("2026-11-25T23:30")) is None


def test_outside_the_quiet_hours_nothing_is_put_off() -> None:
    assert put_off(head("news"), LANE, NIGHT, at("2026-11-25T22:59")) is None
    assert put_off(head("news"), LANE, NIGHT, at("2026-11-26T07:00")) is None


@pytest.mark.parametrize(
    ("topic", "found"), [("flight:CA1501", 0), ("flight:CA1501:vip", 0), ("hotel", 1), (None, 1)]
)
def test_the_first_pattern_that_fits_counts_and_a_star_is_for_those_without_a_topic(
    topic: str | None, found: int
) -> None:
    some = [Manner(SHANGHAI, decisive_wakes=False), Manner(BERLIN)]
    manners = Manners([("flight:*", some[0]), ("*", some[1]), ("flight:CA1501:vip", NIGHT)])

    assert manners.of(topic) is some[found]


def test_a_follow_up_without_a_topic_has_no_manner_of_another_pattern() -> None:
    assert Manners([("flight:*", NIGHT), ("?*", NIGHT)]).of(None).quiet is None
