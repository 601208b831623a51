"""The typing state on the user's phone while a handed-off handler works."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flow.conftest import Slow
from flow.stage import Stage, staged
from wxbot import filters, wiring
from wxbot.inbox.typing import Typing
from wxbot.platform.client import Client
from wxbot.protocol.inbound import typed
from wxbot.protocol.messages import Push
from wxbot.reply.bot import Bot

PATH = "/cgi-bin/message/custom/typing"


@pytest.fixture
def bot(slow: Slow) -> Bot:
    bot = Bot()

    @bot.text("silent")
    def silent() -> None:
        slow.work()

    @bot.on(filters.anything)
    def wait() -> str:
        slow.work()
        return "慢答案"

    return bot


@pytest.fixture
def stage(database: Path, bot: Bot) -> Iterator[Stage]:
    with staged(f"sqlite:///{database}", bot) as one:
        yield one


def is_typing(stage: Stage, user: str) -> bool:
    return bool(stage.get(f"/sim/users/{user}/phone")["typing"])


def calls(stage: Stage) -> list[str]:
    """What was asked of the typing interface, oldest first."""
    asked = [one for one in stage.get("/sim/exchanges")["exchanges"] if one["path"].startswith(PATH)]
    return ["CancelTyping" if "CancelTyping" in one["request"] else "Typing" for one in asked]


def test_who_waits_for_a_handler_sees_it_and_the_answer_ends_it_at_no_cost(stage: Stage, slow: Slow) -> None:
    user = stage.user()
    stage.say(user, "slow")
    stage.until(lambda: is_typing(stage, user))
    time.sleep(0.2)  # until our own call has its answer too: before that an answer to the user cancels, to be sure
    slow.go.set()
    stage.until(lambda: stage.shown(user, "custom"))

    assert not is_typing(stage, user)
    assert calls(stage) == ["Typing"]
    assert stage.rows("SELECT message_left FROM contacts") == [(4,)]


def test_a_handler_that_has_nothing_to_say_ends_it_too(stage: Stage, slow: Slow) -> None:
    user = stage.user()
    stage.say(user, "silent")
    stage.until(lambda: is_typing(stage, user))
    slow.go.set()
    stage.until(lambda: not is_typing(stage, user))

    assert calls(stage) == ["Typing", "CancelTyping"]


def test_it_can_be_switched_off(database: Path, bot: Bot, slow: Slow) -> None:
    with staged(f"sqlite:///{database}", bot, typing=False) as stage:
        user = stage.user()
        stage.say(user, "slow")
        slow.go.set()
        stage.until(lambda: stage.shown(user, "custom"))

        assert calls(stage) == []


def test_a_typing_interface_that_hangs_is_in_nobodys_way(hasty: Stage, slow: Slow) -> None:
    user = hasty.user()
    hasty.fault("hang", path=PATH)
    answered = hasty.say(user, "slow")
    hasty.until(lambda: calls(hasty))
    slow.go.set()
    hasty.until(lambda: hasty.shown(user, "custom"))

    assert [one["body"] for one in answered["attempts"]] == ["success"]


@pytest.fixture
def still(database: Path, slow: Slow) -> Iterator[Stage]:
    """A bot that answers at once, and no sender: nothing types but what the test lets type."""
    bot = Bot()
    bot.text()(lambda: "hi")
    with staged(f"sqlite:///{database}", bot, sending=False) as one:
        yield one


@pytest.fixture
def typing(still: Stage) -> Iterator[Typing]:
    """The typing state without its thread: `step` makes the calls."""
    store = still.store()
    yield Typing(
        store, still.clock, lambda: wiring.client(store, still.clock, still.settings, "default"), "default"
    )
    store.close()


def push(stage: Stage, user: str, **fields: Any) -> Push:
    at = str(int(stage.clock.now()))
    return typed({"ToUserName": "g", "FromUserName": user, "CreateTime": at, "MsgType": "text", **fields})


def test_it_is_shown_again_when_the_platform_takes_it_again_and_not_beyond_half_a_minute(
    still: Stage, typing: Typing
) -> None:
    user = still.user()
    still.say(user, "x")
    typing.begin(1, push(still, user))
    waits = []
    for _ in range(4):
        waits.append(typing.step())
        still.clock.advance(waits[-1] or 0)

    assert calls(still) == ["Typing", "Typing"]
    assert waits == [15.5, 15.5, None, None]
    assert [one["response"].count('"errcode": 0') for one in still.get("/sim/exchanges")["exchanges"]
            if one["path"].startswith(PATH)] == [1, 1]  # fmt: skip


@pytest.mark.parametrize("seconds", [29, 60])
def test_it_is_not_shown_when_the_push_is_too_old(still: Stage, typing: Typing, seconds: int) -> None:
    user = still.user()
    still.say(user, "x")
    old = push(still, user)
    still.clock.advance(seconds)
    typing.begin(1, old)
    typing.step()

    assert calls(still) == []


def test_it_is_not_shown_to_whom_nothing_may_be_sent(still: Stage, typing: Typing) -> None:
    user = still.user()
    still.act(user, "VIEW")
    typing.begin(1, push(still, user, MsgType="event", Event="VIEW"))
    typing.step()

    assert calls(still) == []


def test_it_is_not_shown_while_the_account_may_not_send(still: Stage, typing: Typing) -> None:
    user = still.user()
    still.say(user, "x")
    still.rows("INSERT INTO gates (account, interface, until, errcode, reason, closed_at) "
               "VALUES ('default', 'send', 4000000000, 48001, 'no', 0) RETURNING 1")  # fmt: skip
    typing.begin(1, push(still, user))
    typing.step()

    assert calls(still) == []


def test_an_account_that_may_not_type_is_not_asked_again_for_an_hour(still: Stage, typing: Typing) -> None:
    user = still.user()
    still.fault("errcode", path=PATH, errcode=48001)
    for seconds in (0, 3599, 1):
        still.clock.advance(seconds)
        still.say(user, "x")
        typing.begin(1, push(still, user))
        typing.step()

    assert calls(still) == ["Typing", "Typing"]


def test_a_call_that_comes_after_the_answer_is_taken_back(still: Stage) -> None:
    user, store = still.user(), still.store()
    still.say(user, "x")

    def answered_meanwhile() -> Client:
        shown.end(1, answered=True)
        return wiring.client(store, still.clock, still.settings, "default")

    shown = Typing(store, still.clock, answered_meanwhile, "default")
    shown.begin(1, push(still, user))
    shown.step()
    store.close()

    assert calls(still) == ["Typing", "CancelTyping"]
    assert not is_typing(still, user)
