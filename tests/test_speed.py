"""The regression guard on instructions: what it lets pass, and what it does not; and what measures speed."""

import sys
from pathlib import Path

import pytest
from lxml import etree

from benchmarks.speed import page
from benchmarks.speed.instructions import MARGIN, problems
from benchmarks.speed.pure_path import PATHS, answered
from benchmarks.speed.servers import Side, running
from benchmarks.svg import BROWN, GREEN, bars


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


@pytest.mark.parametrize("name", ["push-in", "follow-up-out", "far", "scale", "fanout"])
def test_a_result_replaces_what_stood_between_its_marks(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "images").mkdir()
    copy = tmp_path / "performance.md"
    copy.write_text(page.PAGE.read_text("utf-8"), "utf-8")
    monkeypatch.setattr(page, "PAGE", copy)
    for lines in (["| old |"], ["| new |"]):
        page.tell(name, lines, write=True, picture="<svg/>")

    text = copy.read_text("utf-8")
    assert "| new |" in text
    assert "| old |" not in text
    assert text.count(f"(images/{name}.svg)") == 1
    assert (tmp_path / "images" / f"{name}.svg").read_text() == "<svg/>"


def test_a_picture_shows_every_side_and_the_aim() -> None:
    drawn = etree.fromstring(bars("CPU", {"wxbot": [2.0, 3.0, 4.0], "other & co": [1.0]}, 1.5).encode())
    said = [each.text for each in drawn.iter("{*}text")]

    assert said == ["CPU", "wxbot", "3.00", "other & co", "1.00", "aim: 1.5"]
    assert [rect.get("fill") for rect in drawn.iter("{*}rect")][1:] == [GREEN, BROWN]


def test_of_a_server_that_does_not_start_its_own_words_are_told(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError, match=r"(?s)nobody ended with \d:\n.*Worker"),
        running(Side("nobody", "nowhere:app"), sys.executable, tmp_path),
    ):
        pass
