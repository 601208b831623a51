"""What a closed window does not let through goes down the fallback ladder of its topic, each rung on record."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask, request
from flask.typing import ResponseReturnValue
from standardwebhooks.webhooks import Webhook as Judge

from flow.stage import HASTY, LIMIT, Stage, senders, staged
from flow.test_sending import put, writer
from simulator.bench import served
from wxbot.delivery.explain import Explanation, explanation
from wxbot.reply.bot import Bot
from wxbot.store import gates, outbox
from wxbot.store.gates import Gate

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
TEMPLATE = "/cgi-bin/message/template/send"
NOTICE = "/cgi-bin/message/subscribe/bizsend"
DATA = {"thing1": "{{flight}}", "thing2": "{{text}}", "time3": "{{due}}"}
FACTS = '{"flight": "CA1501"}'
DAY = 86_400


@dataclass
class Receiver:
    """An operator's webhook: keeps what it was sent, and answers these statuses, then the last of them."""

    statuses: list[int] = field(default_factory=lambda: [204])
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def app(self) -> Flask:
        app = Flask("receiver")

        @app.post("/hook")
        def _hook() -> ResponseReturnValue:
            self.calls.append((dict(request.headers), request.get_data()))
            status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
            return ("", status, {"Location": "/elsewhere"}) if status == 302 else ("", status)

        return app


@pytest.fixture
def database(url: str) -> str:
    """The store's URL under another name: `url` is the webhook's here."""
    return url


@contextmanager
def falling(
    database: str, bot: Bot, *fallback: str, url: str = "", limit: float = LIMIT, **more: Any
) -> Iterator[Stage]:
    """Run a stage without a sender whose flight topics have these rungs."""
    notices = {
        "template": {"id": "T1", "url": "https://example.com/", "data": DATA},
        "subscription": {"id": "N1", "page": "https://example.com/", "data": DATA},
    }
    topic = {"fallback": fallback, **{name: one for name, one in notices.items() if name in fallback}, **more}
    webhook = {"fallback_webhook": url or "http://127.0.0.1:9/hook?key=canary", "fallback_webhook_secret": SECRET}
    with staged(database, bot, sending=False, limit=limit, topics={"flight:*": topic}, **webhook) as stage:
        yield stage


def late(stage: Stage, **options: Any) -> tuple[str, int]:
    """Return a user whose window is closed, and a follow-up of a flight for them."""
    user = stage.user()
    stage.act(user, "VIEW", url="https://example.com/")
    wanted = {"on_closed": "template", "topic": "flight:CA1501", "facts": FACTS, **options}
    return user, put(stage, user, "登机口 C23", **wanted)


def run(stage: Stage, *states: str) -> None:
    with senders(stage.settings, stage.clock, 1):
        stage.until_equal(list(states), stage.states)


def history(stage: Stage) -> list[dict[str, Any]]:
    return [
        json.loads(entry) for entry in stage.rows("SELECT history FROM followups ORDER BY id")[0][0].splitlines()
    ]


def attempts(stage: Stage, count: int) -> None:
    stage.until(lambda: stage.rows("SELECT attempts, state FROM followups") == [(count, "queued")])


def explained(stage: Stage, id: int) -> Explanation:
    store = stage.store()
    told = store.read(lambda tx: explanation(tx, "default", id, stage.clock.now()))
    store.close()
    return told


def test_a_closed_window_makes_it_a_template_message_with_its_facts(database: str, bot: Bot) -> None:
    with falling(database, bot, "template") as stage:
        user, _ = late(stage)
        run(stage, "sent")

        assert stage.shown(user, "template") == ["thing1：CA1501\nthing2：登机口 C23\ntime3：01-15 16:00"]
        assert stage.rows("SELECT rung, spent, msgid IS NOT NULL FROM followups") == [("template", "", 1)]
        steps = [(one["state"], one.get("rung")) for one in history(stage) if "receipt" not in one]
        assert steps[-2:] == [("sending", "template"), ("sent", "template")]


def test_a_topic_without_a_fallback_holds_it_as_before(database: str, bot: Bot) -> None:
    with falling(database, bot, "template") as stage:
        user, id = late(stage, topic="hotel:1")
        run(stage, "held")

        assert "no fallback is set for its topic" in explained(stage, id).now_en
        stage.say(user, "back")
        assert stage.states() == ["sent"]


def test_what_is_to_be_held_never_goes_down_the_ladder(database: str, bot: Bot) -> None:
    with falling(database, bot, "template") as stage:
        late(stage, on_closed="hold")
        run(stage, "held")

        assert stage.ledger()["templates"] == 0


def test_the_last_message_kept_for_decisive_ones_sends_a_normal_one_down(database: str, bot: Bot) -> None:
    topics = {"*": {"fallback": ["template"], "template": {"id": "T1", "data": {"a": "{{text}}"}}}}
    with staged(database, bot, sending=False, keep=5, topics=topics) as stage:
        user = writer(stage)
        put(stage, user, "news", on_closed="template")
        run(stage, "sent")

        assert stage.shown(user, "template") == ["a：news"]
        assert stage.rows("SELECT message_left FROM contacts") == [(5,)]


@pytest.mark.parametrize("errcode", [45015, 45047])
def test_the_platforms_word_that_the_window_is_closed_sends_it_down(database: str, bot: Bot, errcode: int) -> None:
    with falling(database, bot, "template") as stage:
        user = writer(stage)
        stage.fault("errcode", errcode=errcode)
        put(stage, user, "news", on_closed="template", topic="flight:CA1501", facts=FACTS)
        run(stage, "sent")

        assert len(stage.shown(user, "template")) == 1
        assert stage.shown(user, "custom") == []


@pytest.mark.parametrize("errcode", [43004, 40037, 47003, 43101, 40003])
def test_a_rung_that_refuses_leaves_it_to_the_next(database: str, bot: Bot, errcode: int) -> None:
    with falling(database, bot, "template", "subscription") as stage:
        user, _ = late(stage)
        put(stage, user, "later", wait=3600)
        stage.act(
            user,
            "subscribe_msg_popup_event",
            fields={"SubscribeMsgPopupEvent": {"List": {"TemplateId": "N1", "SubscribeStatusString": "accept"}}},
        )
        stage.fault("errcode", path=TEMPLATE, errcode=errcode)
        run(stage, "sent", "scheduled")

        rungs = [one["rung"] for one in history(stage) if "rung" in one and "receipt" not in one]
        assert rungs == ["template", "template", "subscription", "subscription"]
        assert errcode in [one.get("errcode") for one in history(stage)]


def test_a_name_without_a_value_passes_by_the_rung_and_says_so(database: str, bot: Bot) -> None:
    receiver = Receiver()
    with served(receiver.app()) as url, falling(database, bot, "template", "webhook", url=f"{url}/hook") as stage:
        late(stage, facts="{}")
        run(stage, "sent")

        assert "template: no value for {{flight}}" in history(stage)[-2]["why"]
        assert stage.ledger()["templates"] == 0
        assert len(receiver.calls) == 1


def test_all_rungs_refused_holds_it_until_the_user_is_back(database: str, bot: Bot) -> None:
    receiver = Receiver([410])
    with (
        served(receiver.app()) as url,
        falling(database, bot, "subscription", "webhook", url=f"{url}/hook") as stage,
    ):
        user, id = late(stage)
        run(stage, "held")

        assert stage.rows("SELECT rung, attempts, reason FROM followups") == [
            ("window", 0, "webhook: HTTP 410; no rung is left")
        ]
        assert "HTTP 410" in explained(stage, id).now_en
        stage.say(user, "back")
        assert stage.shown(user)[-1] == "登机口 C23\n\necho back"


def test_the_webhook_is_signed_and_tells_all_that_is_known(database: str, bot: Bot) -> None:
    receiver = Receiver()
    with served(receiver.app()) as url, falling(database, bot, "webhook", url=f"{url}/hook?key=1") as stage:
        user, id = late(stage, key="gate")
        run(stage, "sent")

        [(headers, body)] = receiver.calls
        judged = Judge(SECRET).sign(headers["Webhook-Id"], _time(headers), body.decode())
        assert headers["Webhook-Signature"] == judged
        event = json.loads(body)
        assert (event["type"], event["timestamp"]) == ("followup.unreachable", "2027-01-15T08:00:00Z")
        assert event["data"] == {
            "account": "default",
            "openid": user,
            "id": id,
            "key": "gate",
            "topic": "flight:CA1501",
            "priority": "normal",
            "message": {"msgtype": "text", "text": {"content": "登机口 C23"}},
            "text": "登机口 C23",
            "facts": {"flight": "CA1501"},
            "due_at": 1_800_000_000.0,
            "not_after": None,
        }


def _time(headers: dict[str, str]) -> datetime:
    return datetime.fromtimestamp(int(headers["Webhook-Timestamp"]), UTC)


@pytest.mark.parametrize("status", [500, 503, 408, 429, 302])
def test_the_webhook_is_tried_again_under_the_same_id(database: str, bot: Bot, status: int) -> None:
    receiver = Receiver([status, 204])
    with served(receiver.app()) as url, falling(database, bot, "webhook", url=f"{url}/hook") as stage:
        late(stage)
        with senders(stage.settings, stage.clock, 1):
            attempts(stage, 1)
            stage.clock.advance(7)
            stage.until_equal(["sent"], stage.states)

        ids = {headers["Webhook-Id"] for headers, _ in receiver.calls}
        assert (len(receiver.calls), len(ids)) == (2, 1)
        assert [one["status"] for one in history(stage) if "status" in one] == [status, 204]


def test_a_webhook_that_stays_down_for_a_day_ends_in_a_hold(database: str, bot: Bot) -> None:
    receiver = Receiver([500])
    with served(receiver.app()) as url, falling(database, bot, "webhook", url=f"{url}/hook") as stage:
        late(stage)
        with senders(stage.settings, stage.clock, 1):
            for count in range(1, 9):
                attempts(stage, count)
                stage.clock.advance(DAY / 2)
            stage.until_equal(["held"], stage.states)

        assert len(receiver.calls) == 9


def test_nothing_behind_a_webhook_that_is_down_waits_for_it(database: str, bot: Bot) -> None:
    with falling(database, bot, "webhook") as stage:
        user, _ = late(stage)
        with senders(stage.settings, stage.clock, 1):
            attempts(stage, 1)
            put(stage, user, "another", on_closed="drop")
            stage.until_equal(["queued", "expired"], stage.states)


def test_what_waits_on_a_rung_goes_out_when_the_user_is_back(database: str, bot: Bot) -> None:
    with falling(database, bot, "webhook") as stage:
        user, _ = late(stage)
        with senders(stage.settings, stage.clock, 1):
            attempts(stage, 1)
            stage.say(user, "back")
            stage.clock.advance(2)
            stage.until_equal(["sent"], stage.states)

        assert stage.shown(user, "custom") == ["登机口 C23"]
        assert stage.rows("SELECT rung, attempts FROM followups") == [("window", 0)]


@pytest.mark.parametrize("answers", [True, False])
def test_no_record_of_a_failed_webhook_has_its_query_or_its_secret(
    database: str, bot: Bot, caplog: pytest.LogCaptureFixture, answers: bool
) -> None:
    caplog.set_level("DEBUG")
    receiver = Receiver([500])
    with served(receiver.app()) as url:
        hook = f"{url}/hook?key=canary" if answers else ""
        with falling(database, bot, "webhook", url=hook) as stage:
            late(stage)
            with senders(stage.settings, stage.clock, 1):
                attempts(stage, 1)
            kept = str(stage.rows("SELECT history, reason FROM followups"))

    logged = "".join(record.getMessage() for record in caplog.records if record.name != "werkzeug")
    assert "canary" not in kept + logged
    assert SECRET.removeprefix("whsec_") not in kept + logged


@pytest.mark.parametrize("policy", ["park", "resend"])
def test_a_template_in_doubt_is_sent_again_under_its_key_and_shown_once(
    database: str, bot: Bot, policy: str
) -> None:
    with falling(database, bot, "template") as stage:
        user, _ = late(stage, on_doubt=policy)
        stage.fault("accept_then_reset", path=TEMPLATE)
        with senders(stage.settings, stage.clock, 1):
            attempts(stage, 1)
            stage.clock.advance(5)
            stage.until_equal(["sent"], stage.states)

        assert len(stage.shown(user, "template")) == 1


def test_a_template_in_doubt_is_parked_when_the_platform_has_forgotten_its_key(database: str, bot: Bot) -> None:
    with falling(database, bot, "template") as stage:
        late(stage, on_doubt="park")
        stage.fault("accept_then_reset", path=TEMPLATE)
        with senders(stage.settings, stage.clock, 1):
            attempts(stage, 1)
        stage.clock.advance(700)
        run(stage, "doubtful")

        assert stage.ledger()["templates"] == 1


def test_a_template_in_doubt_that_is_to_be_parked_does_not_go_out_in_the_window_as_well(
    database: str, bot: Bot
) -> None:
    with falling(database, bot, "template") as stage:
        user, _ = late(stage, on_doubt="park")
        stage.fault("accept_then_reset", path=TEMPLATE)
        with senders(stage.settings, stage.clock, 1):
            attempts(stage, 1)
            stage.say(user, "back")
            stage.clock.advance(2)
            stage.until_equal(["sent"], stage.states)

        assert len(stage.shown(user, "template")) == 1
        assert stage.shown(user, "custom") == []


def test_a_notification_in_doubt_is_parked_when_that_is_wanted(database: str, bot: Bot) -> None:
    with falling(database, bot, "subscription", "template") as stage:
        late(stage, on_doubt="park")
        stage.fault("http502", path=NOTICE)
        run(stage, "doubtful")

        assert stage.ledger()["templates"] == 0


@pytest.mark.parametrize(
    ("rung", "policy", "state"),
    [("template", "park", "sent"), ("webhook", "park", "sent"), ("subscription", "park", "doubtful")],
)
def test_a_sender_that_died_on_a_rung_leaves_doubt_only_where_our_key_is_unknown(
    database: str, bot: Bot, rung: str, policy: str, state: str
) -> None:
    receiver = Receiver()
    with served(receiver.app()) as url, falling(database, bot, rung, url=f"{url}/hook") as stage:
        _, id = late(stage, on_doubt=policy)
        _die_at(stage, id, rung)
        run(stage, state)


def _die_at(stage: Stage, id: int, rung: str) -> None:
    """Leave a follow-up as a killed sender would: marked as sending by a rung, its lane's lease over."""
    store, now = stage.store(), stage.clock.now()
    history = outbox.line(now, "sending", "the window is closed", rung=rung)
    store.write(
        lambda tx: tx.change(
            "UPDATE followups SET state = 'sending', rung = :rung, owner = 'dead', claim = 1, "
            "history = history || :history WHERE id = :id",
            rung=rung,
            id=id,
            history=history,
        )
    )
    store.close()


def test_a_sender_found_dead_on_a_template_too_late_leaves_doubt(database: str, bot: Bot) -> None:
    with falling(database, bot, "template") as stage:
        _, id = late(stage, on_doubt="park")
        _die_at(stage, id, "template")
        stage.clock.advance(700)
        run(stage, "doubtful")


@pytest.mark.parametrize("kind", ["hang", "reset", "drip"])
def test_a_receiver_that_does_not_answer_is_asked_again(database: str, bot: Bot, kind: str) -> None:
    with staged(database, bot, sending=False) as other:  # its simulator plays the receiver: it knows how to be ill
        url = f"{other.platform}/cgi-bin/getcallbackip"
        with falling(database, bot, "webhook", url=url, limit=HASTY) as stage:
            other.fault(kind, path="/cgi-bin/getcallbackip")
            late(stage)
            with senders(stage.settings, stage.clock, 1):
                attempts(stage, 1)
                stage.clock.advance(7)
                stage.until(lambda: stage.states() == ["sent"])


def test_a_receiver_that_takes_it_and_then_talks_too_much_has_taken_it(database: str, bot: Bot) -> None:
    with staged(database, bot, sending=False) as other:
        url = f"{other.platform}/cgi-bin/getcallbackip"
        with falling(database, bot, "webhook", url=url) as stage:
            other.fault("huge", path="/cgi-bin/getcallbackip")
            late(stage)
            run(stage, "sent")


def test_a_rung_says_nothing_of_the_gate_of_the_window(database: str, bot: Bot) -> None:
    with falling(database, bot, "template") as stage:
        store, now = stage.store(), stage.clock.now()
        store.write(lambda tx: gates.close(tx, "default", Gate("send", now + 3600, 48001, "", now, now)))
        store.close()
        late(stage)
        run(stage, "sent")

        assert stage.rows("SELECT interface FROM gates") == [("send",)]


def test_a_passing_fault_is_tried_again_on_the_same_rung(database: str, bot: Bot) -> None:
    with falling(database, bot, "template") as stage:
        user, _ = late(stage)
        stage.fault("errcode", path=TEMPLATE, errcode=-1)
        with senders(stage.settings, stage.clock, 1):
            attempts(stage, 1)
            stage.clock.advance(5)
            stage.until_equal(["sent"], stage.states)

        assert len(stage.shown(user, "template")) == 1


def test_a_rung_that_is_closed_for_long_is_passed_by_and_the_window_of_others_stays_open(
    database: str, bot: Bot
) -> None:
    receiver = Receiver()
    with served(receiver.app()) as url, falling(database, bot, "template", "webhook", url=f"{url}/hook") as stage:
        stage.fault("errcode", path=TEMPLATE, errcode=48001)
        late(stage)
        run(stage, "sent")
        other = writer(stage)
        put(stage, other, "in the window")
        run(stage, "sent", "sent")

        assert stage.rows("SELECT interface, errcode FROM gates") == [("template", 48001)]
        assert stage.shown(other, "custom") == ["in the window"]
        assert len(receiver.calls) == 1


def test_a_rung_that_is_closed_for_a_minute_is_waited_for(database: str, bot: Bot) -> None:
    with falling(database, bot, "template", "webhook") as stage:
        user, _ = late(stage)
        stage.fault("errcode", path=TEMPLATE, errcode=45011)
        with senders(stage.settings, stage.clock, 1):
            stage.until(lambda: "rests" in stage.rows("SELECT reason FROM followups")[0][0])
            assert stage.states() == ["queued"]
            stage.clock.advance(90)
            stage.until_equal(["sent"], stage.states)

        assert len(stage.shown(user, "template")) == 1


def test_a_probe_finds_out_that_a_rung_is_open_again(database: str, bot: Bot) -> None:
    receiver = Receiver()
    with served(receiver.app()) as url, falling(database, bot, "template", "webhook", url=f"{url}/hook") as stage:
        stage.fault("errcode", path=TEMPLATE, errcode=48001)
        late(stage)
        run(stage, "sent")
        stage.clock.advance(901)
        user, _ = late(stage)
        run(stage, "sent", "sent")

        assert len(stage.shown(user, "template")) == 1
        assert stage.rows("SELECT * FROM gates") == []


@pytest.mark.parametrize("word", ["failed:user block", "failed: system failed"])
def test_a_template_that_was_not_delivered_goes_on_to_the_next_rung(database: str, bot: Bot, word: str) -> None:
    receiver = Receiver()
    with served(receiver.app()) as url, falling(database, bot, "template", "webhook", url=f"{url}/hook") as stage:
        stage.fault("undelivered", path=TEMPLATE, status=word)
        _, id = late(stage)
        with senders(stage.settings, stage.clock, 1):
            stage.until(lambda: stage.rows("SELECT state, rung FROM followups") == [("sent", "webhook")])

        receipts = [step for step in explained(stage, id).steps if step.receipt]
        assert [(step.rung, step.receipt) for step in receipts] == [("template", word)]


def test_a_notification_that_was_not_delivered_and_has_no_rung_below_is_held(database: str, bot: Bot) -> None:
    with falling(database, bot, "subscription") as stage:
        user, _ = late(stage)
        stage.act(
            user,
            "subscribe_msg_popup_event",
            fields={"SubscribeMsgPopupEvent": {"List": {"TemplateId": "N1", "SubscribeStatusString": "accept"}}},
        )
        stage.fault("undelivered", path=NOTICE)
        run(stage, "held")

        assert "not delivered" in history(stage)[-1]["why"]


def test_a_delivered_template_is_known_to_be_delivered(database: str, bot: Bot) -> None:
    with falling(database, bot, "template") as stage:
        _, id = late(stage)
        with senders(stage.settings, stage.clock, 1):
            stage.until(lambda: "receipt" in history(stage)[-1])

        assert stage.states() == ["sent"]
        assert "says that it was delivered" in explained(stage, id).now_en


def test_a_receipt_of_somebody_elses_message_changes_nothing(database: str, bot: Bot) -> None:
    with falling(database, bot, "template") as stage:
        _, _ = late(stage)
        with senders(stage.settings, stage.clock, 1):
            stage.until(lambda: "receipt" in history(stage)[-1])
        before = history(stage)
        msgid = stage.rows("SELECT msgid FROM followups")[0][0]
        stranger = writer(stage)
        stage.act(stranger, "TEMPLATESENDJOBFINISH", fields={"MsgID": msgid, "Status": "failed:user block"})

        assert history(stage) == before
