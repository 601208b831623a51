"""The call for a message on its way, and what it comes to."""

import random
from collections.abc import Mapping

from wxbot.clock import Clock
from wxbot.delivery import files, outcome, rungs
from wxbot.delivery.ladder import Call
from wxbot.delivery.outcome import Outcome
from wxbot.delivery.way import Going, Way
from wxbot.errors import SendFailed
from wxbot.store.lanes import Move


class Calling:
    """One process's calls. `slack` is the seconds that a lease may have run when a call begins."""

    def __init__(self, clock: Clock, ways: Mapping[str, Way], slack: float) -> None:
        self._clock, self._ways, self._slack = clock, ways, slack

    def call(self, going: Going, since: float) -> Outcome:
        """Make the call, unless a pause has eaten so much of the lease that it might outlive it."""
        head = going.head
        if self._clock.monotonic() - since > self._slack:
            return Outcome(move=Move(state="queued", reason="too little of the lease was left"), give_back=True)
        if going.call is not None:
            return self._by_rung(going, going.call)
        way = self._ways[head.account]
        message = way.media.filled(going.message)
        if message is None:  # another's refusal has just shown that the platform knows it no more
            return Outcome(move=Move(state="queued", reason="a file has to be uploaded again"), give_back=True)
        try:
            way.client.send(head.openid, message)
        except SendFailed as exc:
            if message != going.message and not going.renewed and files.is_unknown(exc):
                return files.to_renew(exc, going.message, message)
            result = outcome.failed(exc, head, self._clock.now(), random.random())
            return outcome.apart(result) if going.behind else result
        return outcome.sent()

    def _by_rung(self, going: Going, call: Call) -> Outcome:
        """Make the call of a rung."""
        head, way = going.head, self._ways[going.head.account]
        manner = way.manners.of(head.topic)
        try:
            taken = way.rungs.send(call, self._clock.now())
        except SendFailed as exc:
            now = self._clock.now()
            return rungs.failed(exc, head, manner, keyed=going.keyed, now=now, jitter=random.random())
        if isinstance(taken, Outcome):
            return taken
        return rungs.refused_by_webhook(taken, head, manner, self._clock.now(), random.random())
