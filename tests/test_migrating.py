"""docs/migrating.md: each form of a handler there is a form here, and answers."""

import re
from pathlib import Path
from typing import Any

import push_samples as samples
import pytest

from wxbot import filters
from wxbot.protocol.content import News, Text
from wxbot.protocol.inbound import EVENTS, read
from wxbot.protocol.messages import Push
from wxbot.reply.bot import Bot
from wxbot.reply.context import Context

PAGE = (Path(__file__).parents[1] / "docs" / "migrating.md").read_text("utf-8")
ROWS = re.findall(r"^\| (.+?) \| `@(bot\..+?)`(?:, with `gate`)? \| `(.+?)` \|$", PAGE, re.MULTILINE)
# The decorators of WeRoBot 1.13.1.
WEROBOT = (
    "handler text image location link voice video shortvideo unknown subscribe unsubscribe click scan key_click "
    "scancode_push scancode_waitmsg pic_sysphoto pic_photo_or_album pic_weixin location_select location_event view "
    "filter card_pass_check user_get_card templatesendjobfinish_event unknown_event"
)


def push_of(told: str) -> Push:
    """The push that a row names: a MsgType, an Event, or `text` with its content."""
    kind, _, more = told.partition(" ")
    if kind == "text" and more:
        return read(samples.message("text", f"<Content>{more}</Content>"))
    if kind == "event":
        return read(samples.event(more, ""))
    if kind.lower() in EVENTS and kind not in samples.MESSAGES:
        return read(samples.event(kind))
    return read(samples.message(kind, samples.MESSAGES.get(kind, "")))


def answer(bot: Bot, push: Push) -> Any:
    return bot.answer(push, Context("default", "oUser", 1_800_000_000.0, lambda: "{}"))


@pytest.mark.parametrize(("theirs", "ours", "told"), ROWS, ids=lambda value: value[:40])
def test_each_form_answers_its_push_and_no_other(theirs: str, ours: str, told: str) -> None:
    bot = Bot()
    register = eval(ours.replace("\\|", "|"), {"bot": bot, "filters": filters})
    register(lambda: "yes")
    other = push_of("text zzz" if not told.startswith("text") else "kf_create_session")

    assert answer(bot, push_of(told)) == Text("yes")
    assert answer(bot, other) == (Text("yes") if "anything" in ours or "default" in ours else None)


def test_every_form_of_werobot_is_there() -> None:
    told = " ".join(theirs for theirs, _, _ in ROWS)

    assert len(ROWS) > 35
    assert [name for name in WEROBOT.split() if not re.search(rf"\b{name}\b", told)] == []


def bots() -> list[Bot]:
    found = []
    for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        scope: dict[str, Any] = {}
        exec(compile(code, "docs/migrating.md", "exec"), scope)
        found.append(scope["bot"])
    return found


def test_the_programs_of_the_page_run() -> None:
    first, second = bots()

    assert answer(first, push_of("text 天气")) == Text("oLVPpjqs9BhvzwPj5A-vTYAX3GLc：晴，第 1 次")
    assert answer(second, push_of("text 你好")) == Text("你好")
    assert answer(second, push_of("subscribe")) == Text("欢迎，来自 7")
    assert isinstance(answer(second, read(samples.event("subscribe", ""))), News)
