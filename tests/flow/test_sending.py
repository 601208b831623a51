"""A follow-up goes out: inside the window and the quota, in order, once, whatever the platform answers."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pydantic import SecretStr

from flow.stage import Stage, senders, staged, text_push
from wxbot.delivery.explain import explanation
from wxbot.delivery.queue import queue
from wxbot.errors import InvalidMessage, NotFound
from wxbot.protocol.content import Text
from wxbot.protocol.outgoing import FollowUp, message_json
from wxbot.reply.bot import Bot
from wxbot.store import contacts, outbox
from wxbot.store.engine import Transaction


def put(stage: Stage, openid: str, text: str, *, wait: float = 0, **options: object) -> int:
    """Queue a text as `wxbot send` does; `wait` is seconds from now."""
    store, now = stage.store(), stage.clock.now()
    new = FollowUp(message=message_json(Text(text)), due_at=now + wait, **options)  # type: ignore[arg-type]
    try:
        return queue(store, "default", openid, new, origin="test", now=now).id
    finally:
        store.close()


def writer(stage: Stage) -> str:
    """Return a user whose 48-hour window has just been opened."""
    user = stage.user()
    stage.say(user, "hello")
    return user


def test_follow_ups_arrive_at_their_times_and_in_order(stage: Stage) -> None:
    user = writer(stage)
    stage.say(user, "plan 3")
    for count in (1, 2, 3):
        stage.clock.advance(2 if count == 1 else 10)
        stage.until_equal(count, lambda: len(stage.shown(user, "custom")))

    assert stage.shown(user, "custom") == ["news 0", "news 1", "news 2"]
    assert stage.ledger()["token_fetches"] == 1


def test_a_sender_takes_a_user_before_their_lane_as_a_push_does(still: Stage) -> None:
    user, store, locked = writer(still), still.store(), "wait_event_type = 'Lock' AND datname = current_database()"
    put(still, user, "one")

    def push(tx: Transaction) -> None:
        contacts.seen(tx, "default", user, still.clock.now(), None)
        if tx.postgresql:  # SQLite has one writer anyway
            asked = f"SELECT 1 FROM pg_stat_activity WHERE {locked}"
            still.until(lambda: tx.rows("SELECT 1") and still.rows(asked))  # PostgreSQL ends who is idle for long
            assert tx.rows("SELECT 1 FROM lanes FOR UPDATE NOWAIT") == [(1,)]

    with senders(still.settings, still.clock, 1):
        store.write(push)
        still.until_equal(["sent"], still.states)
    store.close()


def test_what_is_on_its_way_when_a_user_writes_is_counted_in_their_new_window(hasty: Stage) -> None:
    user = writer(hasty)
    hasty.fault("hang")
    put(hasty, user, "one", on_doubt="park")
    hasty.until_equal(["sending"], hasty.states)
    hasty.say(user, "hello again")

    assert hasty.rows("SELECT message_left FROM contacts") == [(4,)]


def test_what_went_out_after_a_user_wrote_is_counted_in_their_new_window(stage: Stage) -> None:
    user = writer(stage)
    stage.clock.advance(0.5)
    put(stage, user, "one")
    stage.until_equal(["sent"], stage.states)
    stage.say(user, "hello again")  # in the same second, as the platform writes it

    assert stage.rows("SELECT message_left FROM contacts") == [(4,)]


def test_no_more_goes_out_than_the_platform_counts_by_its_own_clock_that_ours_is_behind(url: str, bot: Bot) -> None:
    with staged(url, bot, behind=4.0) as stage:
        user = writer(stage)
        stage.post("/sim/settings", {"webhook": stage.platform})  # the next push does not reach us at once
        told = stage.say(user, "hello again")
        put(stage, user, "while it is under way")
        stage.until_equal(["sent"], stage.states)
        stage.deliver(text_push("hello again", openid=user, msgid=told["msgid"], at=told["created"]))
        for number in range(5):
            put(stage, user, f"news {number}")
        stage.until_equal([*["sent"] * 5, "held"], stage.states)

        assert stage.ledger()["over_quota"] == 0


def test_what_a_sender_has_claimed_when_the_user_leaves_is_not_shown_when_they_are_back(still: Stage) -> None:
    user, store = writer(still), still.store()
    put(still, user, "one")
    store.write(lambda tx: tx.change("UPDATE followups SET state = 'claimed'"))
    store.close()

    still.act(user, "unsubscribe")
    still.act(user, "subscribe")

    assert still.states() == ["cancelled"]
    assert still.shown(user) == ["echo hello", "欢迎"]


def test_what_begins_to_go_out_while_a_push_is_stored_is_counted_in_its_window(still: Stage) -> None:
    user, store = writer(still), still.store()
    put(still, user, "one")
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"

    with ThreadPoolExecutor(1) as pool:

        def begin(tx: Transaction) -> None:
            contacts.hold(tx, "default", user)
            tx.change("UPDATE followups SET state = 'sending', spent = 'message:1'")
            pool.submit(still.say, user, "hello again")
            if tx.postgresql:  # SQLite has one writer anyway
                still.until(lambda: still.rows(waiting))

        store.write(begin)
    store.close()

    assert still.rows("SELECT message_left FROM contacts") == [(4,)]


def test_the_sixth_message_is_held_until_the_user_writes_again(stage: Stage) -> None:
    user = writer(stage)
    for number in range(6):
        put(stage, user, f"news {number}")
    stage.until(lambda: stage.states() == ["sent"] * 5 + ["held"])

    assert len(stage.shown(user, "custom")) == 5
    stage.say(user, "I am back")

    assert stage.states() == ["sent"] * 6
    assert stage.ledger()["over_quota"] == stage.ledger()["outside_window"] == 0
    assert stage.shown(user)[-1] == "news 5\n\necho I am back"


def test_a_follow_up_due_after_the_window_is_held_and_delivered_on_return(stage: Stage) -> None:
    user = stage.user()
    stage.say(user, "late news")
    stage.clock.advance(3 * 86_400 + 1)
    stage.until(lambda: stage.states() == ["held"])

    stage.say(user, "hello")

    assert stage.states() == ["sent"]
    assert stage.shown(user) == ["noted", "three days later\n\necho hello"]
    assert stage.ledger()["outside_window"] == 0


def test_a_click_is_spent_before_the_message_window_it_overlaps(stage: Stage) -> None:
    user = writer(stage)
    stage.act(user, "CLICK", key="KEY")
    put(stage, user, "one")
    stage.until(lambda: stage.states() == ["sent"])

    assert stage.rows("SELECT message_left, action_left FROM contacts") == [(5, 2)]


def test_with_rights_48h_any_number_goes_out(url: str, bot: Bot) -> None:
    with staged(url, bot, rights="48h") as stage:
        user = writer(stage)
        for number in range(25):
            put(stage, user, f"news {number}")
        stage.until(lambda: stage.states() == ["sent"] * 25)

        assert stage.shown(user, "custom") == [f"news {number}" for number in range(25)]


def test_unfollowing_closes_the_window_and_cancels_what_waits(stage: Stage) -> None:
    user = writer(stage)
    put(stage, user, "later", wait=60)
    stage.act(user, "unsubscribe")
    stage.clock.advance(61)

    assert stage.states() == ["cancelled"]
    put(stage, user, "now")
    stage.until(lambda: stage.states() == ["cancelled", "held"])


def test_what_is_too_late_expires(stage: Stage) -> None:
    user = writer(stage)
    put(stage, user, "boarding", wait=60, not_after=stage.clock.now() + 120)
    stage.clock.advance(121)
    stage.until(lambda: stage.states() == ["expired"])

    assert stage.shown(user, "custom") == []


def test_what_finds_the_window_closed_and_is_to_be_dropped_expires(stage: Stage) -> None:
    user = stage.user()
    stage.act(user, "VIEW", key="http://example.com/")
    put(stage, user, "nothing was granted", on_closed="drop")

    stage.until(lambda: stage.states() == ["expired"])


def test_the_same_key_is_sent_once(stage: Stage) -> None:
    user = writer(stage)

    assert put(stage, user, "one", key="k") == put(stage, user, "another", key="k")
    stage.until(lambda: stage.states() == ["sent"])
    assert stage.shown(user, "custom") == ["one"]


def test_a_newer_one_replaces_the_waiting_one_with_the_same_coalesce(stage: Stage) -> None:
    user = writer(stage)
    put(stage, user, "gate C23", wait=10, coalesce="gate")
    put(stage, user, "gate C25", wait=10, coalesce="gate")
    stage.clock.advance(11)
    stage.until(lambda: stage.states() == ["superseded", "sent"])

    assert stage.shown(user, "custom") == ["gate C25"]


def test_a_stranger_and_a_passed_not_after_are_refused_at_once_and_nothing_is_stored(still: Stage) -> None:
    user = writer(still)

    with pytest.raises(NotFound, match="never written"):
        put(still, "oNobody", "hello")
    with pytest.raises(InvalidMessage, match="has passed"):
        put(still, user, "hello", wait=-10, not_after=still.clock.now() - 5)
    assert still.states() == []


@pytest.mark.parametrize("errcode", [40008, 47001, 45008, 40035])
def test_what_the_platform_refuses_for_good_is_refused_and_its_grant_given_back(stage: Stage, errcode: int) -> None:
    user = writer(stage)
    stage.fault("errcode", errcode=errcode)
    put(stage, user, "one")
    put(stage, user, "two")
    stage.until(lambda: stage.states() == ["refused", "sent"])

    assert stage.rows("SELECT message_left FROM contacts") == [(4,)]


@pytest.mark.parametrize("errcode", [-1, 61450, 99_999])
def test_a_passing_fault_is_tried_again_and_keeps_the_order(stage: Stage, errcode: int) -> None:
    user = writer(stage)
    stage.fault("errcode", errcode=errcode)
    put(stage, user, "one")
    put(stage, user, "two")
    stage.until(lambda: stage.rows("SELECT attempts FROM followups WHERE id = 1") == [(1,)])
    stage.clock.advance(10)
    stage.until(lambda: stage.states() == ["sent", "sent"])

    assert stage.shown(user, "custom") == ["one", "two"]


def test_a_fault_that_does_not_pass_ends_after_a_bounded_number_of_tries(stage: Stage) -> None:
    user = writer(stage)
    stage.fault("errcode", errcode=-1, times=50)
    put(stage, user, "one")
    for count in range(1, 7):
        stage.until_equal([(count,)], lambda: stage.rows("SELECT attempts FROM followups"))
        stage.clock.advance(301)

    assert stage.states() == ["refused"]
    assert stage.ledger()["refused"] == {"-1": 6}


@pytest.mark.parametrize("errcode", [45015, 45047])
def test_the_platforms_word_closes_the_window_until_the_user_writes(stage: Stage, errcode: int) -> None:
    user = writer(stage)
    stage.fault("errcode", errcode=errcode)
    put(stage, user, "one")
    put(stage, user, "two")
    stage.until(lambda: stage.states() == ["held", "held"])
    assert stage.ledger()["refused"] == {str(errcode): 1}

    stage.say(user, "back")
    assert stage.states() == ["sent", "sent"]
    assert stage.shown(user, "passive")[-1] == "one\n\ntwo\n\necho back"


@pytest.mark.parametrize(("errcode", "seconds"), [(45011, 90), (45009, 86_400 + 700), (48001, 86_400 + 700)])
def test_an_account_wide_refusal_closes_the_gate_and_costs_no_try(stage: Stage, errcode: int, seconds: int) -> None:
    user, other = writer(stage), writer(stage)
    stage.fault("errcode", errcode=errcode)
    put(stage, user, "one")
    stage.until(lambda: stage.rows("SELECT errcode FROM gates") == [(errcode,)])
    put(stage, other, "two")
    stage.clock.advance(30)

    assert stage.states() == ["queued", "queued"]
    stage.clock.advance(seconds)
    stage.until(lambda: stage.states() == ["sent", "sent"])
    assert stage.rows("SELECT sum(attempts) FROM followups") == [(0,)]


def test_a_gate_lets_one_probe_through_and_opens_when_it_is_taken(stage: Stage) -> None:
    user, other = writer(stage), writer(stage)
    stage.fault("errcode", errcode=48001)
    put(stage, user, "one")
    put(stage, other, "two")
    stage.until(lambda: stage.rows("SELECT errcode FROM gates") == [(48001,)])
    stage.clock.advance(901)

    stage.until(lambda: stage.states() == ["sent", "sent"])
    assert stage.rows("SELECT * FROM gates") == []


@pytest.mark.parametrize("errcode", [43004, 40003])
def test_a_user_who_is_gone_gets_nothing_more(stage: Stage, errcode: int) -> None:
    user = writer(stage)
    put(stage, user, "tomorrow", wait=3600)
    stage.fault("errcode", errcode=errcode)
    put(stage, user, "one")

    stage.until(lambda: stage.states() == ["cancelled", "refused"])


def test_a_text_too_long_for_this_account_is_sent_in_two_parts(stage: Stage) -> None:
    user = writer(stage)
    stage.fault("errcode", errcode=45002)
    put(stage, user, "长" * 600)
    put(stage, user, "after it")
    stage.until(lambda: stage.states() == ["sent"] * 3)

    parts = stage.shown(user, "custom")
    assert "".join(parts[:2]) == "长" * 600
    assert parts[2] == "after it"


def test_an_unknown_agent_is_left_out_and_the_message_sent(stage: Stage) -> None:
    user = writer(stage)
    stage.fault("errcode", errcode=65401)
    store, now = stage.store(), stage.clock.now()
    message = message_json(Text("from an agent"), kf_account="nobody@account")
    queue(store, "default", user, FollowUp(message=message, due_at=now), origin="test", now=now)
    store.close()
    stage.until(lambda: stage.states() == ["sent"])

    assert "customservice" not in json.loads(stage.rows("SELECT message FROM followups")[0][0])


DOUBTFUL = ["http502", "html", "empty", "truncated", "huge", "gzip_bomb", "reset", "hang", "drip"]


@pytest.mark.parametrize("kind", DOUBTFUL)
def test_an_unusable_answer_puts_the_message_in_doubt_and_park_keeps_it_for_a_person(
    hasty: Stage, kind: str
) -> None:
    user = writer(hasty)
    hasty.fault(kind)
    put(hasty, user, "one", on_doubt="park")
    put(hasty, user, "two")

    hasty.until(lambda: hasty.states() == ["doubtful", "sent"])


@pytest.mark.parametrize("kind", ["accept_then_reset", "accept_then_http502"])
def test_a_message_taken_without_an_answer_is_sent_once_when_parked(stage: Stage, kind: str) -> None:
    user = writer(stage)
    stage.fault(kind)
    put(stage, user, "one", on_doubt="park")
    stage.until(lambda: stage.states() == ["doubtful"])

    assert stage.shown(user, "custom") == ["one"]


def test_a_doubtful_message_is_sent_again_when_that_is_wanted(stage: Stage) -> None:
    user = writer(stage)
    stage.fault("http502")
    put(stage, user, "one", on_doubt="resend")
    stage.until(lambda: stage.rows("SELECT attempts FROM followups") == [(1,)])
    stage.clock.advance(10)

    stage.until(lambda: stage.states() == ["sent"])


def test_without_a_connection_a_message_is_tried_until_there_is_one(still: Stage) -> None:
    user = writer(still)
    put(still, user, "one", on_doubt="park")
    nowhere = still.settings.account.model_copy(update={"api_base": "http://127.0.0.1:9"})
    with senders(still.settings.model_copy(update={"account": nowhere}), still.clock, 1):
        still.until(lambda: still.rows("SELECT interface FROM gates") == [("token",)])
    still.clock.advance(30)

    with senders(still.settings, still.clock, 1):
        still.until(lambda: still.states() == ["sent"])
    assert still.shown(user, "custom") == ["one"]


def test_a_killed_token_costs_one_refresh_and_no_message(stage: Stage) -> None:
    user = writer(stage)
    put(stage, user, "one")
    stage.until(lambda: stage.states() == ["sent"])
    stage.fault("token_killed", path="/cgi-bin/message/custom/send")
    put(stage, user, "two")

    stage.until(lambda: stage.states() == ["sent", "sent"])
    assert stage.shown(user, "custom") == ["one", "two"]


def test_senders_of_many_processes_fetch_one_token(still: Stage) -> None:
    users = [writer(still) for _ in range(12)]
    for user in users:
        put(still, user, "one")
    with senders(still.settings, still.clock, 4):
        still.until(lambda: still.states() == ["sent"] * 12)

    assert still.ledger()["token_fetches"] == 1


def test_a_token_near_its_end_is_replaced_without_a_pause(stage: Stage) -> None:
    user = writer(stage)
    put(stage, user, "one")
    stage.until(lambda: stage.states() == ["sent"])
    stage.clock.advance(7200 - 150)
    put(stage, user, "two")
    stage.until(lambda: stage.states() == ["sent", "sent"])

    assert stage.ledger()["token_fetches"] == 2


def test_a_wrong_secret_stops_the_account_and_says_so(url: str, bot: Bot) -> None:
    with staged(url, bot, appsecret="wrong") as stage:
        user = writer(stage)
        put(stage, user, "one")
        stage.until(lambda: stage.rows("SELECT interface FROM gates") == [("token",)])

        stage.until(lambda: stage.states() == ["queued"])
        assert "AppSecret" in stage.rows("SELECT reason FROM gates")[0][0] or stage.rows(
            "SELECT errcode FROM gates"
        )


def test_a_secret_that_was_put_right_is_found_out_by_the_next_probe(url: str, bot: Bot) -> None:
    with staged(url, bot, sending=False) as stage:
        user = writer(stage)
        put(stage, user, "one")
        wrong = stage.settings.account.model_copy(update={"appsecret": SecretStr("wrong")})
        with senders(stage.settings.model_copy(update={"account": wrong}), stage.clock, 1):
            stage.until(lambda: stage.rows("SELECT interface FROM gates") == [("token",)])
            stage.until(lambda: stage.states() == ["queued"])
        with senders(stage.settings, stage.clock, 1):
            stage.clock.advance(901)
            stage.until(lambda: stage.states() == ["sent"])

        assert stage.rows("SELECT * FROM gates") == []


def test_the_first_part_of_a_split_text_keeps_what_was_wanted_of_the_whole(still: Stage) -> None:
    user = writer(still)
    still.fault("errcode", errcode=45002)
    not_after = still.clock.now() + 600
    wanted_of_it: dict[str, Any] = {
        "priority": "decisive",
        "on_doubt": "park",
        "on_closed": "drop",
        "not_after": not_after,
    }
    put(still, user, "长" * 300, **wanted_of_it, topic="flight:1", facts='{"gate": "C23"}')
    with senders(still.settings, still.clock, 1):
        still.until(lambda: still.states() == ["sent", "sent"])

    wanted = still.rows("SELECT DISTINCT priority, on_doubt, on_closed, not_after, topic, facts FROM followups")
    assert wanted == [("decisive", "park", "drop", not_after, "flight:1", '{"gate": "C23"}')]


def test_explain_tells_every_state_and_what_would_have_to_happen(stage: Stage) -> None:
    user = writer(stage)
    stage.fault("errcode", errcode=45047)
    id = put(stage, user, "one")
    stage.until(lambda: stage.states() == ["held"])
    store = stage.store()
    told = store.read(lambda tx: explanation(tx, "default", id, stage.clock.now()))
    store.close()

    assert [step.state for step in told.steps] == ["queued", "claimed", "sending", "held"]
    assert told.steps[-1].errcode == 45047
    assert "writes again" in told.now_en


def test_an_operator_cancels_and_retries(stage: Stage) -> None:
    user = writer(stage)
    id = put(stage, user, "one", wait=600)
    store, now = stage.store(), stage.clock.now()

    assert store.write(lambda tx: outbox.cancel(tx, "default", id, now, "no"))
    assert not store.write(lambda tx: outbox.cancel(tx, "default", id, now, "no"))
    assert store.write(lambda tx: outbox.retry(tx, "default", id, now, "yes"))
    stage.until(lambda: stage.states() == ["sent"])
    assert not store.write(lambda tx: outbox.retry(tx, "default", id, now, "again"))
    store.close()


def test_one_that_cannot_be_begun_keeps_no_other_from_going_out(url: str, bot: Bot) -> None:
    with staged(url, bot, sending=False, join=60) as still:  # joining reads the texts
        broken, user, store = writer(still), writer(still), still.store()
        put(still, broken, "never")
        put(still, broken, "nor this, which may be joined")
        put(still, user, "one")
        spoil = "UPDATE followups SET message = '{' WHERE openid = :openid"
        store.write(lambda tx: tx.change(spoil, openid=broken))
        store.close()

        with senders(still.settings, still.clock, 1):
            still.clock.advance(61)
            still.until_equal(["claimed", "queued", "sent"], still.states)
        assert still.shown(user, "custom") == ["one"]


def test_a_settle_that_fails_takes_no_other_with_it(still: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise KeyError("a bug in the settle of a refusal")

    monkeypatch.setattr("wxbot.delivery.settle.contacts.close", failing)
    users = [writer(still) for _ in range(8)]
    still.fault("errcode", errcode=45015)
    for user in users:
        put(still, user, "one")

    with senders(still.settings, still.clock, 1):
        still.until_equal(["sending", *["sent"] * 7], lambda: sorted(still.states()))
