"""What an answer on a rung of the fallback ladder means, and the calls that get it.

A rung that refuses leaves the follow-up to the next one. Doubt on a rung that knows our key is no doubt:
the call is made again.
"""

from collections.abc import Callable
from dataclasses import replace

from wxbot.delivery import outcome
from wxbot.delivery.ladder import Call
from wxbot.delivery.manner import Manner
from wxbot.delivery.outcome import Outcome
from wxbot.errors import Refused, SendFailed, Unanswered
from wxbot.platform.notices import Notices
from wxbot.platform.webhook import Webhook
from wxbot.protocol.backoff import delay
from wxbot.protocol.reaction import Reaction, meaning
from wxbot.store.lanes import Head, Move

# Seconds between the tries of a webhook, about a day in all; each is spread by a fifth to both sides.
WEBHOOK_WAITS = (5, 60, 300, 1800, 7200, 14_400, 21_600, 36_000)
_GATES = (Reaction.WAIT_MINUTE, Reaction.WAIT_DAY, Reaction.ACCOUNT_STOP, Reaction.TOKEN)
_PASSING = (408, 429)  # of the 4xx: the receiver may take it later


class Rungs:
    """An account's calls beside the window."""

    def __init__(self, notices: Notices, webhook: Webhook | None) -> None:
        self._notices, self._webhook = notices, webhook

    def send(self, call: Call, now: float) -> Move:
        """Make the call; return the move of one that was taken, or of a status that is no success.

        Raises Refused, Unanswered or NoToken.
        """
        if call.rung == "template":
            return Move(state="sent", msgid=self._notices.template(call.body))
        if call.rung == "subscription":
            return Move(state="sent", msgid=self._notices.subscription(call.body))
        assert self._webhook is not None
        status = self._webhook.post(call.key, call.body, now)
        return Move(state="sent" if 200 <= status < 300 else "refused", told={"status": status})
