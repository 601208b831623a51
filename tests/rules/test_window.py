"""Send windows: what each act of the user grants, and which grant goes first."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxbot.protocol import window
from wxbot.protocol.inbound import MESSAGES, SPELLED, typed
from wxbot.protocol.messages import Push
from wxbot.protocol.window import MARGIN, RIGHTS, UNLIMITED, Grant, Kind, granted, spend, trigger

AT = 1_395_658_920
MINUTE, TWO_DAYS = 60, 172_800  # seconds
WRITTEN = ["text", "image", "voice", "video", "shortvideo", "location", "link", "file", "miniprogrampage"]
CLICKS = ["CLICK", "scancode_push", "scancode_waitmsg"]
NOTHING = [name for name in [*SPELLED, "of_next_year", ""] if name not in {*CLICKS, "subscribe", "SCAN"}]


def push(msgtype: str, **more: str) -> Push:
    return typed({"ToUserName": "g", "FromUserName": "o", "CreateTime": str(AT), "MsgType": msgtype, **more})


def event(name: str, **more: str) -> Push:
    return push("event", Event=name, **more)


MESSAGES_HERE = [(push(name, MsgId="1"), "message") for name in WRITTEN]
CLICKS_HERE = [(event(name), "click") for name in CLICKS]
TAP = push("text", MsgId="1", Content="满意", bizmsgmenuid="101")
OPENING = [
    *MESSAGES_HERE,
    *CLICKS_HERE,
    (TAP, "click"),
    (event("subscribe"), "subscribe"),
    (event("subscribe", EventKey="qrscene_7", Ticket="t"), "subscribe"),
    (event("subscribe", EventKey="last_trade_no_1"), "subscribe"),
    (event("SCAN", EventKey="7"), "scan"),
]


@pytest.mark.parametrize(("act", "row"), OPENING)
def test_an_act_of_the_user_falls_under_its_row(act: Push, row: str) -> None:
    assert trigger(act) == row


@pytest.mark.parametrize(("act", "row"), OPENING)
def test_a_message_grants_five_for_two_days_and_any_other_act_three_for_a_minute(act: Push, row: str) -> None:
    five, three = Grant("message", 5, AT + TWO_DAYS), Grant("action", 3, AT + MINUTE)

    assert granted(act, RIGHTS["current"]) == (five if row == "message" else three)


@pytest.mark.parametrize(("act", "row"), OPENING)
def test_under_the_old_rule_every_row_grants_any_number_for_two_days(act: Push, row: str) -> None:
    assert granted(act, RIGHTS["48h"]) == Grant("message", UNLIMITED, AT + TWO_DAYS)


@pytest.mark.parametrize("name", NOTHING)
@pytest.mark.parametrize("rights", ["current", "48h"])
def test_any_other_event_grants_nothing(name: str, rights: str) -> None:
    assert trigger(event(name)) is None
    assert granted(event(name), RIGHTS[rights]) is None


def test_the_tables_of_this_file_leave_out_no_ordinary_message() -> None:
    assert {name for name in MESSAGES if not name.startswith("device") and name != "hardware"} == set(WRITTEN)


def test_rights_with_a_row_left_out_grant_nothing_for_it() -> None:
    rights = {"message": RIGHTS["current"]["message"]}

    assert granted(event("CLICK"), rights) is None
    assert granted(push("text"), rights) is not None


def test_a_grant_counts_from_the_platforms_second_and_not_from_ours() -> None:
    late = granted(push("text"), RIGHTS["current"])

    assert late is not None
    assert late.expires_at - AT == TWO_DAYS


@pytest.mark.parametrize(
    ("kind", "seconds", "is_open"),
    [
        ("action", MINUTE - 6, True),
        ("action", MINUTE - 5.001, True),
        ("action", MINUTE - 5, False),
        ("action", MINUTE, False),
        ("message", TWO_DAYS - 61, True),
        ("message", TWO_DAYS - 60.001, True),
        ("message", TWO_DAYS - 60, False),
        ("message", TWO_DAYS + 1, False),
    ],
)
def test_a_grant_closes_five_seconds_before_a_minute_and_sixty_before_two_days(
    kind: Kind, seconds: float, is_open: bool
) -> None:
    life: Mapping[Kind, int] = {"action": MINUTE, "message": TWO_DAYS}

    assert Grant(kind, 1, AT + life[kind]).is_open(AT + seconds) is is_open


@pytest.mark.parametrize("left", [0, -1])
def test_a_grant_with_nothing_left_is_closed(left: int) -> None:
    assert not Grant("message", left, AT + TWO_DAYS).is_open(AT)


def test_a_grant_is_open_before_our_clock_reaches_its_beginning() -> None:
    assert Grant("action", 3, AT + MINUTE).is_open(AT - 30)


def test_a_click_is_spent_before_the_message_window_it_overlaps() -> None:
    message, click = Grant("message", 5, AT + TWO_DAYS), Grant("action", 3, AT + MINUTE)

    assert spend([message, click], AT) is click
    assert spend([click, message], AT) is click


def test_a_used_up_click_leaves_the_message_window_to_spend() -> None:
    message, click = Grant("message", 5, AT + TWO_DAYS), Grant("action", 0, AT + MINUTE)

    assert spend([message, click], AT) is message


def test_a_click_in_its_last_five_seconds_leaves_the_message_window_to_spend() -> None:
    message, click = Grant("message", 5, AT + TWO_DAYS), Grant("action", 3, AT + MINUTE)

    assert spend([message, click], AT + 55) is message


def test_an_ending_message_window_is_spent_before_a_fresh_click() -> None:
    message, click = Grant("message", 5, AT + 90), Grant("action", 3, AT + 100)

    assert spend([click, message], AT) is message
    assert spend([click, message], AT + 30) is click


def test_without_an_open_grant_there_is_nothing_to_spend() -> None:
    assert spend([], AT) is None
    assert spend([Grant("message", 5, AT), Grant("action", 0, AT + MINUTE)], AT) is None


kinds: st.SearchStrategy[Kind] = st.sampled_from(["message", "action"])
grants = st.builds(Grant, kinds, st.integers(-1, 5), st.integers(AT - 100, AT + 200))


@given(st.lists(grants), st.floats(AT - 100, AT + 200))
def test_what_is_spent_is_open_and_none_that_is_open_ends_sooner(those: list[Grant], now: float) -> None:
    spent = spend(those, now)
    still_open = [one for one in those if one.left > 0 and now + MARGIN[one.kind] < one.expires_at]

    assert (spent is None) == (not still_open)
    assert spent is None or spent.expires_at == min(one.expires_at for one in still_open)


def test_every_row_a_push_can_fall_under_stands_in_both_tables() -> None:
    rows = {row for _, row in OPENING}

    assert set(window.RIGHTS["current"]) == set(window.RIGHTS["48h"]) == rows
