"""The back-off: bounded, growing, and spread over the whole of each span."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxbot.protocol.backoff import MAX_ATTEMPTS, delay

ALMOST_ONE = 0.999_999_999
attempts = st.integers(min_value=1, max_value=10**9)
jitters = st.floats(min_value=0, max_value=1, exclude_max=True)


@pytest.mark.parametrize(
    ("attempt", "most"),
    [(1, 2), (2, 4), (3, 8), (4, 16), (5, 32), (6, 64), (7, 128), (8, 256), (9, 300), (50, 300)],
)
def test_the_longest_wait_doubles_from_two_seconds_to_five_minutes(attempt: int, most: float) -> None:
    assert delay(attempt, ALMOST_ONE) == pytest.approx(most)
    assert delay(attempt, 0.5) == pytest.approx(most / 2)


def test_jitter_may_bring_any_wait_down_to_nothing() -> None:
    assert [delay(attempt, 0) for attempt in (1, 6, 1000)] == [0, 0, 0]


@given(attempts, jitters)
def test_no_wait_is_negative_or_longer_than_five_minutes(attempt: int, jitter: float) -> None:
    assert 0 <= delay(attempt, jitter) <= 300


@given(attempts, jitters)
def test_a_later_try_never_waits_less_for_the_same_jitter(attempt: int, jitter: float) -> None:
    assert delay(attempt, jitter) <= delay(attempt + 1, jitter)


def test_a_message_is_tried_six_times_in_all() -> None:
    assert MAX_ATTEMPTS == 6


@pytest.mark.parametrize("attempt", [0, -1])
def test_a_try_before_the_first_is_refused(attempt: int) -> None:
    with pytest.raises(ValueError, match=f"from 1, not {attempt}"):
        delay(attempt, 0.5)


@pytest.mark.parametrize("jitter", [-0.1, 1.0, float("nan")])
def test_a_jitter_outside_its_range_is_refused(jitter: float) -> None:
    with pytest.raises(ValueError, match="jitter"):
        delay(1, jitter)
