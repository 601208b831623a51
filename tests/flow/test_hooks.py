"""What hooks hear, and that nobody waits for them; and an answer that takes long."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flow.conftest import Slow
from flow.stage import Stage, staged
from wxbot.protocol.content import Text
from wxbot.reply import hooks
from wxbot.reply.bot import Bot
from wxbot.reply.context import Context, after
from wxbot.reply.hooks import FollowUpChanged, Hooks, PushHandled, Telling

GUIDE = re.findall(
    r"```python\n(.*?)```", (Path(__file__).parents[2] / "docs" / "hooks.md").read_text("utf-8"), re.DOTALL
)


class Heard(list[Any]):
    """What a hook was told."""


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def bot(heard: Heard, slow: Slow) -> Bot:
    bot = Bot()

    @bot.text(r"plan (?P<hours>\d+)")
    def plan(hours: str, ctx: Context) -> str:
        ctx.follow_up("news", at=after(hours=int(hours)), topic="t")
        return "planned"

    @bot.text("slow")
    def slowly() -> str:
        slow.work()
        return "late"

    @bot.text("boom")
    def fail() -> str:
        raise RuntimeError("a bug")

    @bot.text()
    def echo(message: Any) -> str:
        return f"echo {message.Content}"

    @bot.after_push
    def breaks(handled: PushHandled) -> None:
        raise RuntimeError("a hook's bug")

    bot.after_push(heard.append)
    bot.after_follow_up(heard.append)
    return bot


@pytest.fixture
def stage(database: Path, bot: Bot) -> Iterator[Stage]:
    with staged(f"sqlite:///{database}", bot, rights="48h") as one:
        yield one


def pushes(heard: Heard) -> list[tuple[str, Any]]:
    return [(one.state, one.said) for one in heard if isinstance(one, PushHandled)]


def changes(heard: Heard) -> list[tuple[str, int]]:
    return [(one.state, one.errcode) for one in heard if isinstance(one, FollowUpChanged)]


def test_a_push_is_heard_of_once_also_when_it_comes_again(stage: Stage, heard: Heard) -> None:
    user = stage.user()
    first = stage.act(user, "text", content="hi", msgid="5")
    stage.act(user, "text", content="hi", msgid="5", createtime=first["created"])
    stage.say(user, "boom")
    stage.until(lambda: len(heard) == 2)

    assert [state for state, _ in pushes(heard)] == ["answered", "failed"]
    assert (heard[0].openid, heard[0].push.Content, heard[0].said) == (user, "hi", Text("echo hi"))
    assert "RuntimeError: a bug" in heard[1].error


def test_a_push_that_is_handed_off_is_heard_of_when_it_is_and_when_it_ends(
    stage: Stage, heard: Heard, slow: Slow
) -> None:
    stage.say(stage.user(), "slow")
    stage.until(lambda: pushes(heard) == [("handed_off", None)])
    slow.go.set()
    stage.until(lambda: changes(heard) == [("sent", 0)])

    assert pushes(heard) == [("handed_off", None), ("answered", Text("late"))]


def test_a_follow_up_is_heard_of_at_each_try_and_when_it_is_held(stage: Stage, heard: Heard) -> None:
    user = stage.user()
    stage.say(user, "plan 1")
    stage.fault("errcode", errcode=-1)
    stage.clock.advance(3600)
    stage.until(lambda: changes(heard) == [("queued", -1)])
    stage.clock.advance(60)
    stage.until(lambda: len(changes(heard)) == 2)
    stage.say(user, "plan 72")
    stage.clock.advance(72 * 3600)
    stage.until(lambda: len(changes(heard)) == 3)

    assert changes(heard) == [("queued", -1), ("sent", 0), ("held", 0)]
    [held] = [one for one in heard if getattr(one, "state", "") == "held"]
    assert (held.openid, held.topic, "news" in held.message) == (user, "t", True)


def test_nobody_waits_for_a_hook_and_what_comes_on_top_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "_MOST", 3)
    go, told = threading.Event(), Heard()

    def slowly(one: FollowUpChanged) -> None:
        go.wait(20)
        told.append(one.id)

    telling = Telling(Hooks(follow_up=[slowly]))
    for number in range(10):
        telling.tell(changed(number))
    go.set()
    telling._end()

    assert 3 <= len(told) <= 4
    assert told[:3] == [0, 1, 2]


def test_a_process_that_ends_tells_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Heard()
    telling = Telling(Hooks(follow_up=[lambda one: told.append(one.id)]))
    for number in range(100):
        telling.tell(changed(number))
    telling._end()

    assert told == list(range(100))


def test_hooks_of_an_included_bot_are_heard_too(bot: Bot) -> None:
    outer = Bot()
    outer.include(bot)

    assert (len(outer.hooks.push), len(outer.hooks.follow_up)) == (2, 1)


def changed(number: int) -> FollowUpChanged:
    return FollowUpChanged(
        account="default", openid="o", at=0.0, id=number, state="sent", why="", errcode=0, message="{}", topic=None
    )


def test_the_hooks_in_the_guide_hear(database: Path) -> None:
    scope: dict[str, Any] = {"archive": [], "kinds": [], "seen": []}
    for code in GUIDE[:2]:
        exec(compile(code, "docs/hooks.md", "exec"), scope)
    scope["first"].include(scope["bot"])
    with staged(f"sqlite:///{database}", scope["first"], sending=False) as stage:
        user = stage.user()
        assert stage.say(user, "hi")["reply"]["text"] == "hi"
        stage.until(lambda: scope["archive"] == [(user, "text", "answered")])

        assert scope["seen"] == [user]


def test_the_long_answer_in_the_guide_arrives(database: Path, slow: Slow) -> None:
    def model(question: str, earlier: list[str]) -> str:
        slow.work()
        return f"{question}！" if not earlier else f"{question}，又是{earlier[0]}"

    scope: dict[str, Any] = {"model": model}
    exec(compile(GUIDE[2], "docs/hooks.md", "exec"), scope)
    with staged(f"sqlite:///{database}", scope["bot"]) as stage:
        user = stage.user()
        assert stage.say(user, "问天气")["notice"] is None or not stage.say(user, "x")["notice"]
        slow.go.set()
        stage.until(lambda: stage.shown(user, "custom") == ["天气！"])

        assert stage.say(user, "问风")["reply"]["text"] == "风，又是天气"
