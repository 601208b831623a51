"""The scoreboard in its short form: few of everything, and one planted bug that must be noticed."""

import pytest

from benchmarks.scoreboard import WANTED, play

pytestmark = pytest.mark.timeout(300)  # seconds; each judges what happens, not how long it takes


@pytest.mark.parametrize("number", ["4", "5", "7", "9", "10", "11", "14"])
def test_a_figure_holds_in_its_short_form(number: str) -> None:
    [figure] = play([one for one in WANTED if one.number == number], seed=7, short=True)

    assert figure.broken == []


@pytest.mark.parametrize(("number", "count"), [("9", "over quota"), ("11", "uncaught")])
def test_a_planted_bug_turns_a_figure_red(number: str, count: str) -> None:
    [figure] = play([one for one in WANTED if one.number == number], seed=7, short=True, proof=True)

    assert count in figure.note
