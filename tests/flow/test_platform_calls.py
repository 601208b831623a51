"""The platform's interfaces as the simulator, which was written apart from us, understands them."""

import logging

import pytest
from rules.test_every_way import FOLLOW_UPS

from flow.stage import Stage
from flow.test_sending import put, writer
from wxbot import wiring
from wxbot.delivery.queue import queue
from wxbot.errors import NoToken, Refused, Unanswered
from wxbot.protocol.outgoing import FollowUp, message_json


def test_every_type_is_taken_by_the_platform(stage: Stage) -> None:
    store, now = stage.store(), stage.clock.now()
    for content in FOLLOW_UPS:
        new = FollowUp(message=message_json(content, kf_account="ann@x"), due_at=now)
        queue(store, "default", writer(stage), new, origin="test", now=now)
    store.close()

    stage.until(lambda: stage.states() == ["sent"] * len(FOLLOW_UPS))


def test_the_text_on_the_phone_is_the_text_that_was_sent(stage: Stage) -> None:
    user = writer(stage)
    text = '换行\n和 <a href="https://example.com/?a=1&b=2">链接</a> 😀 \\u4f60 ]]>'
    put(stage, user, text)
    stage.until(lambda: stage.states() == ["sent"])

    assert stage.shown(user, "custom") == [text]


def test_typing_shows_on_the_phone_and_is_refused_without_a_recent_exchange(still: Stage) -> None:
    user = writer(still)
    store = still.store()
    client = wiring.client(store, still.clock, still.settings, "default")

    client.typing(user)
    assert still.get(f"/sim/users/{user}/phone")["typing"]
    still.clock.advance(60)
    with pytest.raises(Refused) as refused:
        client.typing(user)
    store.close()

    assert refused.value.errcode == 45080
    assert refused.value.rid


def test_no_error_of_a_call_names_the_token_or_the_secret(hasty: Stage, caplog: pytest.LogCaptureFixture) -> None:
    user, store = writer(hasty), hasty.store()
    caplog.set_level(logging.DEBUG)
    client = wiring.client(store, hasty.clock, hasty.settings, "default")
    client.typing(user)
    token = store.read(lambda tx: tx.rows("SELECT token FROM tokens"))[0][0]
    told = ""
    for kind in ("reset", "http502", "hang", "html"):
        hasty.fault(kind, path="/cgi-bin/message/custom/typing")
        with pytest.raises(Unanswered) as failed:
            client.typing(user, "CancelTyping")
        told += f"{failed.value!r} {failed.value.__cause__!r}"
    store.close()

    logged = "".join(record.getMessage() for record in caplog.records if record.name != "werkzeug")
    assert token not in told + logged
    assert hasty.settings.account.appsecret.get_secret_value() not in told + logged


def test_the_older_token_interface_works_as_well(still: Stage) -> None:
    account = still.settings.account.model_copy(update={"token_api": "token"})
    store = still.store()
    tokens = wiring.access_tokens(
        store, still.clock, still.settings.model_copy(update={"account": account}), "default"
    )

    first = tokens.get()
    still.clock.advance(7200)
    second = tokens.get()
    store.close()

    assert first != second
    assert still.ledger()["token_fetches"] == 2


def test_an_answer_without_a_token_is_no_token(still: Stage) -> None:
    still.fault("html", path="/cgi-bin/stable_token")
    store = still.store()
    tokens = wiring.access_tokens(store, still.clock, still.settings, "default")

    with pytest.raises(NoToken, match="not JSON"):
        tokens.get()
    with pytest.raises(NoToken, match="rests until"):
        tokens.get()
    still.clock.advance(6)
    assert tokens.get()
    store.close()
