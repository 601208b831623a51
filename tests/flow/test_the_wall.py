"""The five-second wall: a slow or broken handler never costs a user the answer, nor gives it twice."""

from concurrent.futures import ThreadPoolExecutor

from flow.conftest import Slow
from flow.stage import Stage, senders, staged, text_push
from wxbot.reply.bot import Bot
from wxbot.store import pushes


def test_an_answer_later_than_the_budget_goes_out_as_a_follow_up_once(stage: Stage, slow: Slow) -> None:
    user = stage.user()

    assert stage.say(user, "slow")["attempts"] == [{"status": 200, "ms": ANY_MS, "body": "success"}]
    slow.go.set()
    stage.until(lambda: stage.shown(user))

    assert stage.shown(user) == stage.shown(user, "custom") == ["慢答案"]
    assert slow.begun == 1


def test_a_redelivery_of_a_handed_off_push_gets_success_and_no_second_answer(stage: Stage, slow: Slow) -> None:
    first = stage.deliver(text_push("slow"))
    again = stage.deliver(text_push("slow"), stage.signed(nonce="8"))
    slow.go.set()
    stage.until(lambda: stage.states() == ["sent"] or "refused" in stage.states())

    assert first.content == again.content == b"success"
    assert stage.rows("SELECT count(*) FROM followups") == [(1,)]
    assert slow.begun == 1


def test_a_redelivery_that_meets_a_running_first_try_waits_for_its_answer(url: str, bot: Bot, slow: Slow) -> None:
    with staged(url, bot, sending=False, reply_budget=4.0) as stage, ThreadPoolExecutor(2) as pool:
        tries = [pool.submit(stage.deliver, text_push("slow"), stage.signed(nonce=nonce)) for nonce in "78"]
        stage.until(lambda: slow.begun)
        slow.go.set()

        answers = {one.result().content for one in tries}

    assert len(answers) == 1
    assert "慢答案" in answers.pop().decode()
    assert slow.begun == 1


def test_a_handler_that_raises_late_is_apologised_for_by_a_follow_up(stage: Stage, slow: Slow) -> None:
    user = stage.user()

    stage.say(user, "slow boom")
    slow.go.set()
    stage.until(lambda: stage.shown(user))

    assert "抱歉" in stage.shown(user, "custom")[0]
    assert stage.rows("SELECT state FROM pushes") == [("failed",)]


def test_a_push_whose_process_died_at_its_handler_is_handled_by_another(still: Stage, slow: Slow) -> None:
    user = still.user()
    slow.go.set()
    _store_as_left_by_a_dead_process(still, user, "slow")

    with senders(still.settings, still.clock, 2):
        still.until(lambda: still.shown(user, "custom"))

    assert still.shown(user, "custom") == ["慢答案"]
    assert slow.begun == 1


def test_a_push_that_ends_every_process_is_given_up_with_the_apology(still: Stage, slow: Slow) -> None:
    user = still.user()
    _store_as_left_by_a_dead_process(still, user, "slow")
    store = still.store()
    store.write(lambda tx: tx.change("UPDATE pushes SET tries = 2 WHERE state = 'handed_off'"))
    store.close()

    with senders(still.settings, still.clock, 1):
        still.until(lambda: still.shown(user, "custom"))

    assert "抱歉" in still.shown(user, "custom")[0]
    assert slow.begun == 0
    assert still.rows("SELECT state FROM pushes ORDER BY id")[-1] == ("failed",)


def test_a_failed_push_that_is_replayed_is_handled_again(still: Stage, slow: Slow) -> None:
    user = still.user()
    still.say(user, "boom")
    store = still.store()
    assert store.write(lambda tx: pushes.reopen(tx, "default", 1))
    assert not store.write(lambda tx: pushes.reopen(tx, "default", 1))
    store.close()

    with senders(still.settings, still.clock, 1):
        still.until(lambda: still.shown(user, "custom"))


def _store_as_left_by_a_dead_process(stage: Stage, user: str, text: str) -> None:
    """Give a push away as a process does that dies right after: accepted, and its lease over."""
    stage.say(user, "hello")
    body = text_push(text, openid=user, msgid=77, at=int(stage.clock.now())).encode()
    store = stage.store()
    sql = """INSERT INTO pushes (account, push_key, openid, received_at, body, state, reply, owner, boot)
             VALUES ('default', 'k', :openid, :now, :body, 'handed_off', :reply, 'gone', :boot)"""
    values = {"openid": user, "now": stage.clock.now(), "body": body, "reply": b"success", "boot": store.boot}
    store.write(lambda tx: tx.change(sql, **values))
    store.close()


class _AnyMs:
    def __eq__(self, other: object) -> bool:
        return isinstance(other, int | float) and 0 <= other < 5000

    def __hash__(self) -> int:
        return 0


ANY_MS = _AnyMs()
