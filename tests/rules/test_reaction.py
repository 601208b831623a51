"""Errcode to reaction, against a table written from the documentation, and the account's gates."""

import csv
import math
import unicodedata
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wxbot.protocol.errcodes import AT_TOKEN, GROUPS
from wxbot.protocol.reaction import (
    ACTIONS,
    MEANINGS,
    MEANINGS_AT_TOKEN,
    Endpoint,
    Meaning,
    Reaction,
    gate_seconds,
    meaning,
    probe_seconds,
)

VECTORS = Path(__file__).parent.parent / "vectors" / "errcodes.csv"
with VECTORS.open(newline="") as file:
    EXPECTED = {int(row["errcode"]): row["reaction"] for row in csv.DictReader(file)}
UNLISTED = [1, 40000, 40029, 49999, 10700, 99_999_999, -2, -99_999]
BEIJING = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 24, 12, tzinfo=BEIJING).timestamp()
DAY = 86_400

errcodes = st.one_of(st.sampled_from(sorted(EXPECTED)), st.integers())
endpoints: st.SearchStrategy[Endpoint] = st.sampled_from(["send", "token"])
nows = st.floats(min_value=0, max_value=4_102_444_800)  # 1970 to 2100
jitters = st.floats(min_value=0, max_value=1, exclude_max=True)


def beijing(day: int, hour: int, minute: int = 0, second: float = 0) -> float:
    """Return the Unix second of a moment in November 2026 on Beijing's clocks."""
    whole = datetime(2026, 11, day, hour, minute, int(second), tzinfo=BEIJING)
    return whole.timestamp() + second % 1


@pytest.mark.parametrize(("errcode", "word"), EXPECTED.items())
def test_a_documented_errcode_has_the_reaction_the_documentation_asks_for(errcode: int, word: str) -> None:
    assert meaning(errcode).reaction.value == word
    assert meaning(errcode).errcode == errcode


def test_the_table_holds_the_documented_errcodes_and_no_others() -> None:
    assert sorted(MEANINGS) == sorted(EXPECTED)


def test_no_errcode_is_listed_twice() -> None:
    assert sum(map(len, GROUPS.values())) == len(MEANINGS)
    assert len(AT_TOKEN) == len(MEANINGS_AT_TOKEN)


@pytest.mark.parametrize(
    ("errcode", "word"),
    [
        (0, "done"),
        (-1, "retry"),
        (40001, "account_stop"),
        (40002, "account_stop"),
        (40013, "account_stop"),
        (40125, "account_stop"),
        (40164, "account_stop"),
        (40243, "account_stop"),
        (41002, "account_stop"),
        (41003, "account_stop"),
        (41004, "account_stop"),
        (45009, "wait_minute"),
        (45011, "wait_minute"),
        (89506, "account_stop"),
    ],
)
def test_the_token_endpoint_has_meanings_of_its_own(errcode: int, word: str) -> None:
    assert meaning(errcode, at="token").reaction.value == word


@given(errcodes)
def test_a_refusal_of_the_token_never_asks_for_a_token_nor_blames_a_message(errcode: int) -> None:
    answers = {"done", "retry", "wait_minute", "wait_day", "account_stop"}

    assert meaning(errcode, at="token").reaction.value in answers


@given(errcodes, endpoints)
def test_every_integer_has_a_meaning(errcode: int, at: Endpoint) -> None:
    found = meaning(errcode, at=at)

    assert found.errcode == errcode
    assert found.zh
    assert found.en


@pytest.mark.parametrize(
    "found",
    [*MEANINGS.values(), *MEANINGS_AT_TOKEN.values(), meaning(1)],
    ids=lambda found: str(found.errcode),
)
def test_a_meaning_is_one_line_of_chinese_and_one_of_english(found: Meaning) -> None:
    assert any(unicodedata.name(letter).startswith("CJK") for letter in found.zh)
    assert found.en.isascii()
    assert any(letter.isalpha() for letter in found.en)
    assert "\n" not in found.zh + found.en


@pytest.mark.parametrize("errcode", UNLISTED)
def test_an_unlisted_errcode_is_tried_three_times_and_no_more(errcode: int) -> None:
    assert (meaning(errcode).reaction, meaning(errcode).attempts) == (Reaction.RETRY, 3)


@given(errcodes, endpoints)
def test_an_answer_that_brings_the_same_message_back_has_a_bound(errcode: int, at: Endpoint) -> None:
    found = meaning(errcode, at=at)
    bounded = found.reaction in (Reaction.RETRY, Reaction.IGNORE)

    assert (found.attempts is not None) == bounded
    assert found.attempts in (None, 3, 6)


@pytest.mark.parametrize("errcode", [-1, -1000, 61450])
def test_a_busy_platform_is_tried_six_times(errcode: int) -> None:
    assert meaning(errcode).attempts == 6


@pytest.mark.parametrize("errcode", [45009, 45011, 45015, 45047, 48001, 40001, 42001])
def test_gates_holds_and_new_tokens_cost_the_message_no_try(errcode: int) -> None:
    assert meaning(errcode).attempts is None


@pytest.mark.parametrize("errcode", [40007, 46001])
def test_a_medium_that_is_gone_tells_people_to_upload_it_again(errcode: int) -> None:
    assert "重新上传" in meaning(errcode).zh
    assert "re-upload" in meaning(errcode).en


def test_each_reaction_is_reached_and_explained_in_both_languages() -> None:
    assert {found.reaction for found in MEANINGS.values()} == set(Reaction)
    assert set(ACTIONS) == set(Reaction)
    assert all(zh and en for zh, en in ACTIONS.values())


def test_a_meaning_of_the_token_endpoint_differs_from_the_general_one() -> None:
    assert all(found.reaction != MEANINGS[code].reaction for code, found in MEANINGS_AT_TOKEN.items())


@pytest.mark.parametrize(
    ("now", "seconds"),
    [
        (beijing(24, 12), 12 * 3600),
        (beijing(24, 0), DAY),
        (beijing(24, 0, 0, 1), DAY - 1),
        (beijing(23, 23, 59, 59), 1),
        (beijing(23, 23, 59, 59.5), 0.5),
        (beijing(24, 8), 16 * 3600),  # midnight in UTC is no day's turn here
        (beijing(30, 23), 3600),  # nor does the month's end matter
    ],
)
def test_a_used_up_day_ends_at_the_next_midnight_in_beijing(now: float, seconds: float) -> None:
    assert gate_seconds(45009, now, 0) == seconds


@given(st.integers(min_value=700_000_000, max_value=4_102_444_800), jitters)  # 1992, no summer time since
@example(int(beijing(24, 0)), 0)
@example(int(beijing(24, 0)) - 1, 0)
def test_a_used_up_day_opens_within_ten_minutes_after_a_midnight(now: int, jitter: float) -> None:
    seconds = gate_seconds(45009, now, jitter)

    assert seconds is not None
    opens = datetime.fromtimestamp(now + seconds, BEIJING)
    assert opens.hour == 0
    assert opens.minute * 60 + opens.second <= 600


@pytest.mark.parametrize(
    ("errcode", "earliest", "latest"),
    [
        (45011, 60, 75),
        (48001, DAY, DAY + 600),
        (40164, DAY, DAY + 600),
        (89506, DAY, DAY + 600),
        (89507, 3600, 3660),
    ],
)
def test_a_gate_stays_closed_for_its_time_and_opens_spread_out(
    errcode: int, earliest: float, latest: float
) -> None:
    assert gate_seconds(errcode, NOON, 0) == earliest
    assert gate_seconds(errcode, NOON, 0.999_999_999) == pytest.approx(latest)


@pytest.mark.parametrize("errcode", [45009, 45011])
def test_the_token_endpoint_closes_for_a_minute_where_a_send_may_close_for_the_day(errcode: int) -> None:
    assert gate_seconds(errcode, NOON, 0, at="token") == 60


@given(errcodes, nows, jitters, endpoints)
def test_no_gate_opens_in_the_past(errcode: int, now: float, jitter: float, at: Endpoint) -> None:
    seconds = gate_seconds(errcode, now, jitter, at=at)

    assert seconds is None or 0 < seconds <= DAY + 600


def test_the_last_instant_before_midnight_closes_the_gate_for_a_moment_or_a_day_but_never_for_no_time() -> None:
    seconds = gate_seconds(45009, math.nextafter(beijing(24, 0), 0), 0)

    assert seconds is not None
    assert 0 < seconds <= DAY


@given(errcodes, endpoints)
def test_a_gate_belongs_to_waits_and_stops_alone(errcode: int, at: Endpoint) -> None:
    closes = meaning(errcode, at=at).reaction.value in {"wait_minute", "wait_day", "account_stop"}

    assert (gate_seconds(errcode, NOON, 0, at=at) is not None) == closes
    assert closes or probe_seconds(errcode, at=at) is None


@pytest.mark.parametrize("errcode", [45009, 48001, 40164, 40125, 89501, 89503])
def test_a_long_gate_lets_one_call_through_each_quarter_of_an_hour(errcode: int) -> None:
    assert probe_seconds(errcode) == 900


@pytest.mark.parametrize("errcode", [45011, 89506, 89507])
def test_a_gate_with_a_known_end_is_not_probed(errcode: int) -> None:
    assert probe_seconds(errcode) is None
