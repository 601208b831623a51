"""Reasons and deeds in words: what wxbot writes down is known to the console."""

import re
from pathlib import Path

import pytest
from flask import Flask, g

from wxbot.web.console.reasons import reason
from wxbot.web.console.trail import DEEDS, deed

WXBOT = Path(__file__).parents[2] / "wxbot"
NOTED = re.compile(r"""audit\.note\(\s*\w+,\s*\w+,\s*"(\w+)\"""")
WRITTEN = re.compile(r"""\b(?:write|_change)\(room, (?:name, )?"(\w+)\"""")


def said(text: str, language: str) -> str:
    with Flask(__name__).test_request_context():
        g.language = language
        return str(reason(text))


@pytest.mark.parametrize(
    ("kept", "chinese"),
    [
        ("wanted by publication", "由主题发布产生"),
        ("wanted by agent:ann", "由agent:ann产生"),
        ("the window is closed until the user writes again; on_closed is drop",
         "窗口已关闭，等用户再发消息；on_closed 为 drop"),
        ("its sender ended while sending: it may have arrived", "发送进程在发送途中中断：可能已送达"),
        ("ann tries again", "ann 重发"),
        ("an operator tries again", "运营人员重发"),
        ("something nobody knows", "something nobody knows"),
    ],
)  # fmt: skip
def test_a_reason_is_told_in_chinese_and_stands_as_it_is_in_english(kept: str, chinese: str) -> None:
    assert said(kept, "zh") == chinese
    assert said(kept, "en") == kept


def test_what_others_said_within_a_reason_is_escaped_once() -> None:
    assert said("no connection to the platform: <b>&", "zh") == "无法连接平台：&lt;b&gt;&amp;"


def test_every_deed_that_is_noted_has_words() -> None:
    texts = [path.read_text("utf-8") for path in sorted(WXBOT.rglob("*.py"))]
    noted = {action for text in texts for action in [*NOTED.findall(text), *WRITTEN.findall(text)]}

    assert {"answer", "errand", "set_role", "add_user"} <= noted
    assert noted - set(DEEDS) == set()


def test_a_deed_without_words_is_told_by_its_name() -> None:
    assert deed("juggle") == "juggle"
