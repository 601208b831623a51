"""A bot with one handler of each kind that the flows need, and a stage to play it on."""

import threading
from collections.abc import Iterator

import pytest

from flow.stage import HASTY, Stage, staged
from wxbot.protocol.content import MenuItem, MsgMenu
from wxbot.reply.bot import Bot
from wxbot.reply.context import Context, after


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Ask the console's pages on SQLite alone: what they ask of the store is tried on both in tests/store."""
    left_out = [one for one in items if one.path.name.startswith("test_console_") and "[postgresql" in one.name]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [one for one in items if one not in set(left_out)]


class Slow:
    """A handler's work that ends when the test says so; counts how often it was begun."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun = 0

    def work(self) -> None:
        self.begun += 1
        self.go.wait(20)


@pytest.fixture
def slow() -> Iterator[Slow]:
    one = Slow()
    yield one
    one.go.set()


@pytest.fixture
def bot(slow: Slow) -> Bot:
    bot = Bot()

    @bot.subscribe
    def welcome() -> str:
        return "欢迎"

    @bot.text("slow")
    def wait() -> str:
        slow.work()
        return "慢答案"

    @bot.text("boom")
    def fail() -> str:
        raise RuntimeError("a bug in a handler")

    @bot.text("exit")
    def leave() -> str:
        raise SystemExit(3)

    @bot.text("unstorable")
    def unstorable(ctx: Context) -> str:
        ctx.session["n"] = "\ud800"
        return "never seen"

    @bot.text("slow boom")
    def fail_late() -> str:
        slow.work()
        raise RuntimeError("a bug in a handler")

    @bot.text("long")
    def long() -> str:
        return "行" * 1500

    @bot.text("menu")
    def menu() -> MsgMenu:
        return MsgMenu("满意吗?", [MenuItem("1", "满意"), MenuItem("2", "不满意")])

    @bot.text(r"plan (?P<count>\d+)")
    def plan(count: str, ctx: Context) -> str:
        for number in range(int(count)):
            ctx.follow_up(f"news {number}", at=after(seconds=10 * number))
        return "planned"

    @bot.text("late news")
    def late(ctx: Context) -> str:
        ctx.follow_up("three days later", at=after(days=3))
        return "noted"

    @bot.text("count")
    def count(ctx: Context) -> str:
        ctx.session["n"] = ctx.session.get("n", 0) + 1
        return f"n={ctx.session['n']}"

    @bot.text()
    def echo(message: object) -> str:
        return f"echo {message.Content}"  # type: ignore[attr-defined]

    return bot


@pytest.fixture
def stage(url: str, bot: Bot) -> Iterator[Stage]:
    with staged(url, bot) as running:
        yield running


@pytest.fixture
def hasty(url: str, bot: Bot) -> Iterator[Stage]:
    """The stage where a call to the platform ends by its time."""
    with staged(url, bot, limit=HASTY) as running:
        yield running


@pytest.fixture
def still(url: str, bot: Bot) -> Iterator[Stage]:
    """The stage without a sender: what is queued stays."""
    with staged(url, bot, sending=False) as running:
        yield running
