"""The console says everything in both languages."""

import re
from pathlib import Path

import pytest

from wxbot.store.outbox import STATES
from wxbot.web.console.chinese import ZH

CONSOLE = Path(__file__).parents[2] / "wxbot" / "web" / "console"
SAID = re.compile(r"""\b(?:_|say)\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""")
SOURCES = sorted([*CONSOLE.glob("*.py"), *CONSOLE.glob("templates/*.html")])
# Said by a value and not by its words: states and origins of follow-ups; states of steps and publications.
BY_VALUE = {
    *STATES,
    *("due", "handler", "publication", "cli", "api", "split", "agent"),
    *("waiting", "planned", "published", "skipped", "publishing", "done"),
}


def said(path: Path) -> set[str]:
    return {one or other for one, other in SAID.findall(path.read_text("utf-8"))}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_text_has_its_chinese(path: Path) -> None:
    assert said(path) - set(ZH) == set()


def test_every_value_that_is_said_has_its_chinese() -> None:
    assert BY_VALUE - set(ZH) == set()


def test_nothing_is_translated_that_nobody_says() -> None:
    everything = "".join(path.read_text("utf-8") for path in SOURCES if path.name != "chinese.py")

    assert [text for text in ZH if text not in everything and text not in BY_VALUE] == []


def test_both_languages_fill_in_the_same() -> None:
    for english, chinese in ZH.items():
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", chinese)), english


def test_the_chinese_is_in_order() -> None:
    assert list(ZH) == sorted(ZH)
