"""Several questions in a row, over real HTTP and over restarts."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flow.conftest import Slow
from flow.stage import Stage, staged
from wxbot.protocol.content import MenuItem, MsgMenu
from wxbot.reply.bot import Bot
from wxbot.reply.context import Context, after


def seats(text: str) -> int:
    """The number of seats in an answer."""
    if not 1 <= int(text) <= 20:
        raise ValueError
    return int(text)


@pytest.fixture
def bot(slow: Slow) -> Bot:
    bot = Bot()
    runs: list[int] = []

    @bot.text(r"book(?: (?P<place>\w+))?")
    def book(place: str | None, ctx: Context) -> str:
        runs.append(1)
        ctx.session["runs"] = ctx.session.get("runs", 0) + 1
        ctx.follow_up("早", at=after(hours=1))
        ctx.subscribe("before")
        count = ctx.ask("几位？", check=seats, again="1 到 20")
        when = ctx.ask("几点？")
        ctx.follow_up(f"{when} 见", at=after(hours=2))
        return f"{place}: {count} 位, {when}, 第 {ctx.session['runs']} 次"

    @bot.click("FEEDBACK")
    def feedback(ctx: Context) -> str:
        return f"谢谢：{ctx.ask('有什么想说的？')}"

    @bot.click("WEATHER")
    def weather(ctx: Context) -> str:
        ctx.session["seen"] = True
        return "晴"

    @bot.text("choose")
    def choose(ctx: Context) -> str:
        return f"chosen {ctx.ask(MsgMenu('哪个？', [MenuItem('1', '甲'), MenuItem('2', '乙')]))}"

    @bot.text("slow")
    def slowly(ctx: Context) -> str:
        slow.work()
        return f"late {ctx.ask('晚了，几位？')}"

    @bot.text("careless")
    def careless(ctx: Context) -> str:
        try:
            return ctx.ask("一？") + ctx.ask("二？")
        except Exception:  # noqa: BLE001  # as people write it
            return "swallowed"

    @bot.text("breaks")
    def breaks(ctx: Context) -> str:
        raise RuntimeError(ctx.ask("然后？"))

    @bot.text()
    def echo(message: Any) -> str:
        return f"echo {message.Content}"

    return bot


@pytest.fixture
def url(database: Path) -> str:
    return f"sqlite:///{database}"


@pytest.fixture
def still(url: str, bot: Bot) -> Iterator[Stage]:
    with staged(url, bot, sending=False) as one:
        yield one


@pytest.fixture
def user(still: Stage) -> str:
    return still.user()


def say(stage: Stage, user: str, *texts: str) -> list[str]:
    """What the replies to these texts show."""
    return [stage.say(user, text)["reply"]["text"] for text in texts]


def test_a_handler_gets_its_answers_one_after_the_other(still: Stage, user: str) -> None:
    assert say(still, user, "book c", "4", "19:00", "hello") == [
        "几位？",
        "几点？",
        "c: 4 位, 19:00, 第 1 次",
        "echo hello",
    ]


def test_an_answer_that_does_not_do_is_asked_for_again(still: Stage, user: str) -> None:
    assert say(still, user, "book c", "many", "0", "2") == ["几位？", "1 到 20", "1 到 20", "几点？"]
    still.act(user, "image")
    assert still.shown(user)[-1] == "几点？"


def test_only_what_the_last_run_did_is_kept(still: Stage, user: str) -> None:
    say(still, user, "book c", "4")
    assert (still.states(), still.rows("SELECT * FROM subscriptions")) == ([], [])
    say(still, user, "19:00")

    assert [row[0] for row in still.rows("SELECT due_at FROM followups ORDER BY due_at")] == [
        still.clock.now() + hours * 3600 for hours in (1, 2)
    ]
    assert still.rows("SELECT topic FROM subscriptions") == [("before",)]


def test_a_user_may_leave(still: Stage, user: str) -> None:
    assert say(still, user, "book c", " Cancel ", "4") == ["几位？", "已取消。", "echo 4"]


def test_each_user_has_a_dialogue_of_their_own(still: Stage, user: str) -> None:
    other = still.user()
    say(still, user, "book c")

    assert say(still, other, "4") == ["echo 4"]
    assert say(still, user, "4") == ["几点？"]


def test_a_redelivered_answer_gets_the_same_question_and_counts_once(still: Stage, user: str) -> None:
    say(still, user, "book c")
    first = still.act(user, "text", content="4", msgid="77")
    again = still.act(user, "text", content="4", msgid="77", createtime=first["created"])

    assert again["attempts"][-1]["body"] == first["attempts"][-1]["body"]
    assert say(still, user, "19:00") == ["c: 4 位, 19:00, 第 1 次"]


def test_it_survives_a_restart_and_a_deploy_that_changes_the_answers_to_come(url: str, bot: Bot) -> None:
    with staged(url, bot, sending=False) as before:
        user = before.user()
        say(before, user, "book c", "4")
    with staged(url, bot, sending=False) as stage:
        stage.post("/sim/users", {"openid": user})

        assert say(stage, user, "19:00") == ["c: 4 位, 19:00, 第 1 次"]


def test_a_dialogue_whose_handler_is_gone_is_over(url: str, bot: Bot) -> None:
    with staged(url, bot, sending=False) as before:
        user = before.user()
        say(before, user, "book c")
    other = Bot()
    other.text()(lambda message: f"new {message.Content}")
    with staged(url, other, sending=False) as stage:
        stage.post("/sim/users", {"openid": user})
        assert say(stage, user, "4") == ["new 4"]
    with staged(url, bot, sending=False) as stage:
        stage.post("/sim/users", {"openid": user})
        assert say(stage, user, "4") == ["echo 4"]


def test_it_is_over_an_hour_after_the_last_answer(still: Stage, user: str) -> None:
    say(still, user, "book c")
    still.clock.advance(3590)
    assert say(still, user, "4") == ["几点？"]
    still.clock.advance(3601)
    assert say(still, user, "19:00") == ["echo 19:00"]


def test_a_menu_tap_is_answered_in_between_and_may_begin_another(still: Stage, user: str) -> None:
    say(still, user, "book c")
    assert still.act(user, "CLICK", eventkey="WEATHER")["reply"]["text"] == "晴"
    assert say(still, user, "4") == ["几点？"]
    assert still.act(user, "CLICK", eventkey="FEEDBACK")["reply"]["text"] == "有什么想说的？"
    assert say(still, user, "很好", "19:00") == ["谢谢：很好", "echo 19:00"]


def test_a_question_may_be_one_to_tap_at(url: str, bot: Bot) -> None:
    with staged(url, bot) as stage:
        user = stage.user()
        stage.say(user, "choose")
        stage.until(lambda: stage.shown(user, "custom"))

        assert say(stage, user, "乙") == ["chosen 乙"]


def test_a_question_that_came_too_late_for_the_reply_is_a_follow_up(url: str, bot: Bot, slow: Slow) -> None:
    with staged(url, bot) as stage:
        user = stage.user()
        stage.say(user, "slow")
        slow.go.set()
        stage.until(lambda: stage.shown(user, "custom") == ["晚了，几位？"])

        assert say(stage, user, "3") == ["late 3"]


def test_no_handler_swallows_a_question(still: Stage, user: str) -> None:
    assert say(still, user, "careless", "a", "b") == ["一？", "二？", "ab"]


def test_a_handler_that_fails_keeps_the_answers_it_had(still: Stage, user: str) -> None:
    say(still, user, "breaks")
    failed = say(still, user, "boom")

    assert failed == say(still, user, "boom again")
    assert "RuntimeError: boom again" in still.rows("SELECT error FROM pushes ORDER BY id DESC")[0][0]
    assert say(still, user, "取消", "hi") == ["已取消。", "echo hi"]


def test_what_another_version_stored_is_no_dialogue(still: Stage, user: str) -> None:
    say(still, user, "book c")
    store = still.store()
    for stored in ('{"wxbot:asked": 7}', '{"wxbot:asked": {"handler": "x", "push": {}, "answers": []}}'):
        store.write(lambda tx, stored=stored: tx.change("UPDATE contacts SET session = :stored", stored=stored))  # type: ignore[misc]
        assert say(still, user, "4") == ["echo 4"]
    store.close()


def test_the_guide_is_true(url: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "dialogues.md").read_text("utf-8")
    scope: dict[str, Any] = {"__name__": "guide"}
    for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(code, "docs/dialogues.md", "exec"), scope)
    [talk] = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    with staged(url, scope["bot"], sending=False) as stage:
        user = stage.user()
        for line in talk.splitlines():
            said, _, answered = line.partition(" → ")
            assert say(stage, user, said.strip()) == [answered.strip()]
