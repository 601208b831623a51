"""The allowance at work: joined, kept for the decisive, hinted at, and free in the reply on return."""

from collections.abc import Iterator
from functools import partial

import pytest

from flow.stage import Stage, senders, staged, text_push
from flow.test_sending import put, writer
from wxbot.reply.bot import Bot
from wxbot.store import outbox
from wxbot.store.engine import Transaction

HINT = "回复任意内容继续接收"


@pytest.fixture
def frugal(url: str, bot: Bot) -> Iterator[Stage]:
    """The stage as accounts are by default, without a sender: a test starts one when all is queued."""
    with staged(url, bot, sending=False, keep=1, join=60, hint=HINT) as running:
        yield running


def send_all(stage: Stage, *states: str) -> None:
    with senders(stage.settings, stage.clock, 1):
        stage.until(lambda: stage.states() == list(states))


def test_normal_texts_that_are_due_together_go_out_as_one(frugal: Stage) -> None:
    user = writer(frugal)
    for text in ("one", "two", "three"):
        put(frugal, user, text)

    send_all(frugal, "sent", "sent", "sent")

    assert frugal.shown(user, "custom") == ["one\ntwo\nthree"]
    assert frugal.rows("SELECT message_left FROM contacts") == [(4,)]


def test_a_joint_text_that_is_refused_is_sent_one_by_one(frugal: Stage) -> None:
    user = writer(frugal)
    put(frugal, user, "one")
    put(frugal, user, "two")
    frugal.fault("errcode", errcode=47001)

    send_all(frugal, "sent", "sent")

    assert frugal.shown(user, "custom") == ["one", "two"]


def test_a_joint_text_that_finds_the_window_closed_ends_as_each_part_wants(frugal: Stage) -> None:
    user = writer(frugal)
    put(frugal, user, "one", on_closed="drop")
    put(frugal, user, "two")
    frugal.fault("errcode", errcode=45047)

    send_all(frugal, "expired", "held")


def test_a_joint_text_in_doubt_is_parked_as_a_whole(frugal: Stage) -> None:
    user = writer(frugal)
    put(frugal, user, "one", on_doubt="park")
    put(frugal, user, "two", on_doubt="park")
    frugal.fault("http502")

    send_all(frugal, "doubtful", "doubtful")


def test_the_last_but_one_asks_the_user_to_write_and_the_last_is_kept(frugal: Stage) -> None:
    user = writer(frugal)
    with senders(frugal.settings, frugal.clock, 1):
        for number in range(5):
            put(frugal, user, f"news {number}")
            frugal.until(lambda: frugal.states()[-1] in ("sent", "held"))

    assert frugal.states() == ["sent"] * 4 + ["held"]
    assert frugal.shown(user, "custom")[-1] == f"news 3\n\n{HINT}"


def test_a_decisive_message_goes_out_with_what_is_kept_past_the_normal_ones_that_wait(frugal: Stage) -> None:
    user = writer(frugal)
    with senders(frugal.settings, frugal.clock, 1):
        for number in range(5):
            put(frugal, user, f"news {number}")
            frugal.until(lambda: frugal.states()[-1] in ("sent", "held"))
        put(frugal, user, "gate closes", priority="decisive")
        frugal.until(lambda: frugal.states()[-1] == "sent")

    assert frugal.shown(user, "custom")[-1] == "gate closes"
    assert frugal.ledger()["over_quota"] == 0


def test_two_decisive_ones_that_are_still_to_come_keep_two_besides_the_one_for_the_unknown(frugal: Stage) -> None:
    user = writer(frugal)
    for hours in (10, 20):
        put(frugal, user, f"decisive {hours}", wait=hours * 3600, priority="decisive")
    with senders(frugal.settings, frugal.clock, 1):
        for number in range(4):
            put(frugal, user, f"news {number}")
            frugal.until(lambda: frugal.states()[-1] in ("sent", "held"))
        assert frugal.states() == ["scheduled", "scheduled", "sent", "sent", "held", "held"]
        frugal.clock.advance(20 * 3600 + 1)
        frugal.until(lambda: frugal.states()[:2] == ["sent", "sent"])


def test_what_was_held_is_in_the_reply_on_return_and_costs_nothing(frugal: Stage) -> None:
    user = frugal.user()
    frugal.act(user, "VIEW", url="https://example.com/")
    put(frugal, user, "held normal")
    put(frugal, user, "held decisive", priority="decisive")
    put(frugal, user, "too late", not_after=frugal.clock.now() + 60)
    send_all(frugal, "held", "held", "held")
    frugal.clock.advance(61)

    frugal.say(user, "hello")

    assert frugal.states() == ["sent", "sent", "expired"]
    assert frugal.shown(user) == ["held decisive\n\nheld normal\n\necho hello"]
    assert frugal.rows("SELECT message_left FROM contacts") == [(5,)]


def test_what_does_not_fit_into_the_reply_follows_it(frugal: Stage) -> None:
    user = frugal.user()
    frugal.act(user, "VIEW", url="https://example.com/")
    put(frugal, user, "a" * 1500)
    put(frugal, user, "b" * 1500)
    send_all(frugal, "held", "held")

    frugal.say(user, "hello")
    frugal.clock.advance(2)
    send_all(frugal, "sent", "sent")

    assert frugal.shown(user) == ["a" * 1500 + "\n\necho hello", "b" * 1500]


def test_a_repeat_of_the_return_gets_the_same_bytes_with_what_was_held(frugal: Stage) -> None:
    user = frugal.user()
    frugal.act(user, "VIEW", url="https://example.com/")
    put(frugal, user, "held")
    send_all(frugal, "held")

    push = text_push("hello", openid=user, msgid=5, at=int(frugal.clock.now()))
    first = frugal.deliver(push).content

    assert b"held" in first
    assert frugal.deliver(push, frugal.signed(nonce="8")).content == first


def test_decisive_texts_that_are_due_together_go_out_as_one_apart_from_normal_ones(frugal: Stage) -> None:
    user = writer(frugal)
    for text in ("gate C25", "now at 15:05"):
        put(frugal, user, text, priority="decisive")
    put(frugal, user, "news")

    send_all(frugal, "sent", "sent", "sent")

    assert set(frugal.shown(user, "custom")) == {"gate C25\nnow at 15:05", "news"}


def test_a_joint_text_in_doubt_is_sent_again_as_it_was(frugal: Stage) -> None:
    user = writer(frugal)
    put(frugal, user, "one")
    put(frugal, user, "two")
    frugal.fault("accept_then_reset")
    with senders(frugal.settings, frugal.clock, 1):
        frugal.until(lambda: frugal.rows("SELECT DISTINCT attempts, state FROM followups") == [(1, "queued")])
        put(frugal, user, "three")
        frugal.clock.advance(5)
        frugal.until_equal(["sent"] * 3, frugal.states)

    assert frugal.shown(user, "custom") == ["one\ntwo", "one\ntwo", "three"]


def test_a_joint_text_whose_sender_died_is_sent_again_as_it_was(frugal: Stage) -> None:
    user = writer(frugal)
    first, second = put(frugal, user, "one"), put(frugal, user, "two")
    put(frugal, user, "three")
    store, now = frugal.store(), frugal.clock.now()
    for id, told in ((first, {"joined": [second]}), (second, {})):
        history = outbox.line(now, "sending", "", **told)
        died = "UPDATE followups SET state = 'sending', owner = 'dead', claim = 1, history = history || :history"
        store.write(partial(Transaction.change, sql=f"{died} WHERE id = :id", id=id, history=history))
    store.close()
    send_all(frugal, "sent", "sent", "sent")

    assert frugal.shown(user, "custom") == ["one\ntwo", "three"]
    assert frugal.rows("SELECT crashes FROM followups ORDER BY id") == [(1,), (1,), (0,)]


def test_a_joint_text_that_is_refused_when_it_is_sent_again_goes_one_by_one(frugal: Stage) -> None:
    user = writer(frugal)
    put(frugal, user, "one")
    put(frugal, user, "two")
    frugal.fault("http502")
    frugal.fault("errcode", errcode=47001)
    with senders(frugal.settings, frugal.clock, 1):
        frugal.until(lambda: frugal.rows("SELECT DISTINCT attempts, state FROM followups") == [(1, "queued")])
        frugal.clock.advance(5)
        frugal.until_equal(["sent"] * 2, frugal.states)

    assert frugal.shown(user, "custom") == ["one", "two"]
