"""What the web and a sender do is counted as it happens."""

import threading

from flow.stage import Stage, staged
from wxbot.reply.bot import Bot


def counted(stage: Stage) -> dict[str, int]:
    return {row[0]: row[1] for row in stage.rows("SELECT what, sum(count) FROM counts GROUP BY what")}


def test_a_push_is_kept_with_what_its_answer_took(still: Stage) -> None:
    still.say(still.user(), "hello")

    [(took,)] = still.rows("SELECT took FROM pushes")

    assert 0 < took < 5


def test_errcodes_are_counted_each_time_the_platform_answers_one(stage: Stage) -> None:
    openid = stage.user()
    stage.fault("errcode", errcode=45015)
    stage.say(openid, "plan 1")
    stage.clock.advance(30)

    stage.until(lambda: counted(stage).get("errcode:45015") == 1)


def test_a_handler_that_fails_late_is_counted_when_it_does(url: str) -> None:
    bot, ending = Bot(), threading.Event()

    @bot.text()
    def slow() -> str:
        ending.wait(10)
        raise RuntimeError("too late, too bad")

    with staged(url, bot, sending=False, reply_budget=0.05) as stage:
        stage.say(stage.user(), "hello")
        assert stage.rows("SELECT state, reply FROM pushes")[0][0] == "handed_off"
        assert counted(stage) == {}

        ending.set()

        stage.until_equal({"failed": 1}, lambda: counted(stage))


def test_each_process_tells_that_it_is_alive(stage: Stage) -> None:
    kinds = "SELECT kind FROM processes ORDER BY kind"

    stage.until_equal([("sender",), ("web",)], lambda: stage.rows(kinds))
