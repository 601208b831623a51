"""Can I reach this person, how often, until when, and what waits for them: by command and over the API."""

import json

import pytest

from flow.stage import Stage, senders
from flow.test_api_topics import join, publish
from flow.test_commands import run
from flow.test_push_api import Caller
from flow.test_sending import writer
from wxbot.store import contacts, gates, outbox
from wxbot.store.gates import Gate


def told(stage: Stage, openid: str) -> tuple[str, str]:
    """What the API says in Chinese and in English; the command says the same."""
    story = Caller(stage).get(f"/contacts/{openid}").json()
    assert isinstance(story["now_zh"], str)
    return story["now_zh"], story["now_en"]


def test_one_whose_window_is_open_can_be_reached_so_often_and_so_long(still: Stage) -> None:
    user = writer(still)

    assert told(still, user) == (
        "可以联系： 2 天 0 小时内还能发 5 条。没有等待发送的消息。",
        "They can be reached: 5 message(s) within 2d 0h. Nothing waits for them.",
    )


def test_the_command_tells_the_same_as_the_api_and_numbers_are_follow_ups(still: Stage) -> None:
    user, caller = writer(still), Caller(still)
    caller.post({"openid": user, "text": "later", "due_at": still.clock.now() + 7200})
    join(caller, user, topic="weather")
    join(caller, user)
    told = caller.get(f"/contacts/{user}").json()
    document = json.loads(run(still, "explain", user, "--json").stdout)  # by the machine's clock: no spans compared
    shown = run(still, "explain", user).stdout

    assert told["now_en"].endswith("1 not due yet, the first in 2h 0m.")
    assert told["waiting"] == [{"state": "scheduled", "count": 1, "next_due": still.clock.now() + 7200}]
    assert told["topics"] == ["news", "weather"]
    same = ("openid", "waiting", "topics", "left", "until", "reachable_now")
    assert {name: document[name] for name in same} == {name: told[name] for name in same}
    assert shown.startswith("可以联系")
    assert "They can be reached: 5 message(s) within" in shown
    assert "topics: news, weather" in shown
    assert "follow-up 1 to" in run(still, "explain", "1").stdout


def test_what_waits_is_told_state_by_state_with_its_reason(still: Stage) -> None:
    user, caller = writer(still), Caller(still)
    join(caller, user)
    still.clock.advance(3 * 86_400)
    for text in ("one", "two"):
        caller.post({"openid": user, "text": text})
    assert told(still, user)[1].endswith("write again. 2 due while the window is closed.")
    with senders(still.settings, still.clock, 1):
        still.until_equal(["held", "held"], still.states)
    publish(caller, due_at=still.clock.now() + 90_000)
    caller.post({"openid": user, "text": "later", "due_at": still.clock.now() + 60})

    assert told(still, user) == (
        "窗口已关闭：用户再发一条消息后才能发。所订主题有 1 条待发布，最早的在 1 天 1 小时后。"
        "1 条未到时间，最早的在 1 分钟后。2 条等用户回来。",
        "The window is closed: they have to write again. 1 to be published to their topics, the first in 1d 1h. "
        "1 not due yet, the first in 1m. 2 held until they are back.",
    )


def test_a_publication_whose_follow_up_is_made_is_not_counted_twice(stage: Stage) -> None:
    user, caller = writer(stage), Caller(stage)
    join(caller, user)
    publish(caller)
    stage.until_equal(["sent"], stage.states)
    stage.until_equal([("done",)], lambda: stage.rows("SELECT state FROM publications"))

    assert "Nothing waits" in told(stage, user)[1]


def test_an_account_that_rests_reaches_nobody(still: Stage) -> None:
    user, caller, now = writer(still), Caller(still), still.clock.now()
    caller.post({"openid": user, "text": "x"})
    gate = Gate("send", now + 3600, 45009, "45009 每日次数用完 / daily quota", now)
    store = still.store()
    store.write(lambda tx: gates.close(tx, "default", gate))
    store.close()
    story = caller.get(f"/contacts/{user}").json()

    assert story["reachable_now"] is False
    assert story["now_en"] == (
        "The account rests, for 1h 0m at most: 45009 每日次数用完 / daily quota. 1 wait for the account."
    )
    still.clock.advance(3600)
    assert "can be reached" in told(still, user)[1]


def test_a_refusal_and_an_unfollow_are_told_as_what_they_are(still: Stage) -> None:
    user, gone = writer(still), writer(still)
    store = still.store()
    store.write(lambda tx: contacts.close(tx, "default", user, 45047))
    store.close()
    still.act(gone, "unsubscribe")

    assert "The platform refused the last one (45047" in told(still, user)[1]
    assert "They unfollowed" in told(still, gone)[1]


def test_any_number_is_no_number(still: Stage) -> None:
    user = writer(still)
    store, until = still.store(), int(still.clock.now()) + 3600
    store.write(
        lambda tx: tx.change("UPDATE contacts SET message_left = 999999999, message_until = :until", until=until)
    )
    store.close()

    assert "还能发任意多条" in told(still, user)[0]
    assert "any number of message(s)" in told(still, user)[1]
    assert Caller(still).get(f"/contacts/{user}").json()["left"] is None


@pytest.mark.parametrize("openid", ["oNobody", "x" * 10_000, "a b", "../..", "9x"])
def test_a_stranger_is_told_in_one_line(still: Stage, openid: str) -> None:
    done = run(still, "explain", openid)

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "never written" in done.stderr


def test_the_grants_a_step_was_decided_on_are_told_with_it(still: Stage) -> None:
    user, caller = writer(still), Caller(still)
    id = caller.post({"openid": user, "text": "x"}).json()["id"]
    seen = [["message", 999_999_999, 1_800_172_800], ["action", 0, 0]]
    entry = outbox.line(still.clock.now(), "held", "the window is closed", seen=seen)
    store = still.store()
    store.write(lambda tx: tx.change("UPDATE followups SET history = history || :entry", entry=entry))
    store.close()
    first, last = caller.get(f"/messages/{id}").json()["history"]

    assert first["seen"] == []
    assert last["seen"] == [
        {"kind": "message", "left": None, "expires_at": 1_800_172_800},
        {"kind": "action", "left": 0, "expires_at": 0},
    ]
    shown = run(still, "explain", str(id)).stdout
    assert "seen: message any number until 2027-01-17 16:00:00+0800, action 0 until -" in shown
