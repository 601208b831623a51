"""Filters compose, and may ask for the moment."""

import pytest

from rules.rules_bench import event, text
from wxbot import filters
from wxbot.reply.filters import Filter

A, B = filters.text("(?P<a>a.?)"), filters.text(".?b")
NIGHT = filters.when(lambda now: now < 6)


@pytest.mark.parametrize(
    ("match", "fits", "others"),
    [
        (A & B, ["ab"], ["a", "b", "c"]),
        (A | B, ["a", "b", "ab"], ["c"]),
        (~A, ["b"], ["a"]),
        (~(A | B), ["c"], ["a", "b"]),
    ],
)
def test_filters_compose(match: Filter, fits: list[str], others: list[str]) -> None:
    assert all(match.match(text(one), 0) is not None for one in fits)
    assert all(match.match(text(one), 0) is None for one in others)


def test_a_filter_may_ask_for_the_moment_wherever_it_stands() -> None:
    for match in (NIGHT, NIGHT & A, A & NIGHT, NIGHT | B, B | NIGHT, ~~NIGHT):
        assert match.match(text("a"), 5) is not None
        assert match.match(text("a"), 6) is None


def test_only_what_both_sides_of_an_or_capture_can_be_asked_for() -> None:
    assert (A | B).names == frozenset()
    assert (A & B).names == {"a"}
    assert (A & filters.anything).match(text("ab"), 0) == {"a": "ab"}


def test_an_event_is_no_text() -> None:
    assert A.match(event("a"), 0) is None
