"""The signature of the fallback webhook, judged by the Standard Webhooks project's own package."""

import time
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from wxbot.protocol.standard_webhook import signed_headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = bytes.fromhex("31f290f6bf06298aab4f08d43c3f082cf648a362da2da4b0")  # what base64 of the secret decodes to
BODY = '{"text": "登机口 C23"}'.encode()


def test_the_judge_takes_our_signature() -> None:
    headers = signed_headers(KEY, "wxbot-1", int(time.time()), BODY)

    assert Webhook(SECRET).verify(BODY, headers) == {"text": "登机口 C23"}


@pytest.mark.parametrize(("name", "value"), [("webhook-id", "wxbot-2"), ("webhook-timestamp", "later")])
def test_the_judge_refuses_another_id_or_time(name: str, value: str) -> None:
    now = int(time.time())
    headers = signed_headers(KEY, "wxbot-1", now, BODY)
    headers[name] = str(now + 1) if value == "later" else value

    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY, headers)


def test_the_signature_of_a_fixed_moment_is_the_judges() -> None:
    headers = signed_headers(KEY, "wxbot-1", 1_800_000_000, BODY)
    moment = datetime.fromtimestamp(1_800_000_000, UTC)

    assert headers["webhook-signature"] == Webhook(SECRET).sign("wxbot-1", moment, BODY.decode())
