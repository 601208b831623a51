"""Where handlers run: on a pool that the webhook need not wait for, or at once when all of a bot is quick."""

import threading
from pathlib import Path

import pytest

from wxbot.protocol.inbound import read
from wxbot.reply.bot import Bot
from wxbot.reply.context import Context
from wxbot.reply.deadline import Answering
from wxbot.reply.rules import load_rules

PUSH = read(
    b"<xml><ToUserName>gh_1</ToUserName><FromUserName>oUser</FromUserName><CreateTime>1800000000</CreateTime>"
    b"<MsgType>text</MsgType><Content>hi</Content><MsgId>1</MsgId></xml>"
)


def bot_that_tells_its_thread(*, quick: bool) -> Bot:
    bot = Bot(quick=quick)

    @bot.text()
    def where() -> str:
        return threading.current_thread().name

    return bot


def answered(bot: Bot) -> str:
    answering = Answering(bot, threads=1, budget=20, apology="")
    answer = answering.start(PUSH, Context("default", "oUser", 1_800_000_000.0, lambda: "{}")).result(20)
    return str(answer.reply and answer.reply.content)  # type: ignore[union-attr]


@pytest.mark.parametrize("quick", [True, False])
def test_only_a_quick_bot_answers_on_the_webhooks_own_thread(quick: bool) -> None:
    here = answered(bot_that_tells_its_thread(quick=quick)) == threading.current_thread().name

    assert here == quick


def test_rules_are_quick_and_code_beside_them_is_not_unless_it_says_so(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text("[[rule]]\nmatch = { text = 'hi' }\nreply = 'hello'\n")
    quick = []
    for code in (Bot(), Bot(quick=True)):
        both = Bot(quick=True)
        both.include(code)
        both.include(load_rules(file))
        quick.append(both.quick)

    assert load_rules(file).quick
    assert quick == [False, True]
