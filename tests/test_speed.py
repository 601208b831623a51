"""The regression guard on instructions: what it lets pass, and what it does not."""

from benchmarks.speed.instructions import MARGIN, problems
from benchmarks.speed.pure_path import PATHS, answered


def test_a_path_that_has_become_dearer_than_the_margin_is_told_with_both_counts() -> None:
    kept = {"plain": 1000, "safe": 1000}

    assert problems({"plain": int(1000 * MARGIN), "safe": 900}, kept) == []
    [told] = problems({"plain": int(1000 * MARGIN) + 1, "safe": 900}, kept)
    assert told == "plain: 1,101 instructions a push, 1.10 times the 1,000 kept"


def test_a_python_for_which_nothing_is_kept_is_no_success() -> None:
    [told] = problems({"plain": 1}, {})

    assert "nothing is kept" in told


def test_what_is_counted_answers_a_push_in_both_modes() -> None:
    replies = {name: answered(*given()) for name, given in PATHS.items()}

    assert b"CA1501 14:05" in replies["plain"]
    assert replies["safe"].startswith(b"<xml><Encrypt>")
