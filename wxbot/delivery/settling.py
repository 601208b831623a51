"""What the platform has answered, until it is settled: many in one commit, and none is forgotten.

A store that cannot do it now is asked again: a message that went out and is not settled would go out once more when
its lease ends. On PostgreSQL no user and no lane is waited for in a transaction with others' messages: whoever
has it may be waiting for one of those.
"""

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from wxbot.clock import Clock
from wxbot.delivery.claims import Claimed, Claims
from wxbot.delivery.outcome import Outcome
from wxbot.delivery.settle import changes_user, settle
from wxbot.delivery.way import Going, Way
from wxbot.errors import StoreError
from wxbot.store import contacts, lanes
from wxbot.store.engine import Store, Transaction
from wxbot.store.together import Wanted

log = structlog.get_logger(__name__)

_PATIENCE = 600.0  # seconds that a store may be away
_LAST = 6.0  # seconds from when the sender is to stop: PostgreSQL takes its locks from who was stopped before


@dataclass(frozen=True, slots=True)
class Answered:
    """A message whose call has come to something, and when it had (monotonic)."""

    one: Claimed
    going: Going
    result: Outcome
    at: float

    @property
    def account(self) -> str:
        """Whose it is."""
        return self.one.head.account

    @property
    def openid(self) -> str:
        """Who gets it."""
        return self.one.head.openid


class Settling:
    """One sender's. `add` is thread-safe; one thread at a time settles."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        claims: Claims,
        ways: Mapping[str, Way],
        ended: Callable[[Answered, bool], None],
    ) -> None:
        """Take what hears of each that is in hand no longer, and whether it is settled."""
        self._store, self._clock, self._claims, self._ways, self._ended = store, clock, claims, ways, ended
        self._until = math.inf  # on the monotonic clock
        self._new: deque[Answered] = deque()
        self._kept: list[Answered] = []

    def __len__(self) -> int:
        """Return how many are to be settled."""
        return len(self._new) + len(self._kept)

    def add(self, answered: Answered) -> None:
        """Let this be settled next."""
        self._new.append(answered)

    def hurry(self) -> None:
        """Keep nothing for long any more: the sender is to stop."""
        self._until = self._clock.monotonic() + _LAST

    def take(self) -> list[Answered]:
        """Return what is new, for `settle`."""
        return [self._new.popleft() for _ in range(len(self._new))]

    def settle(self, new: Sequence[Answered], beside: Sequence[Callable[[Transaction], Any]]) -> list[Wanted]:
        """Settle these, and what was kept, in one commit with the work beside; return what came of that."""
        # In the order of what they count: two senders that count errcodes crosswise would wait for each other.
        some = self._kept = sorted([*self._kept, *new], key=lambda each: each.result.move.errcode)
        if not some and not beside:
            return []
        works = [partial(self._settle_if_free, each) for each in some]
        _, *done = self._store.write_each([partial(self._hold, some), *works, *beside])
        self._kept = [each for each, one in zip(some, done, strict=False) if not self._is_over(each, one)]
        return done[len(some) :]

    def _is_over(self, each: Answered, one: Wanted) -> bool:
        """Return whether a message is in hand no longer, and say so."""
        is_settled = bool(one.result)
        if not is_settled:
            may_be_later = one.error is None or isinstance(one.error, StoreError)
            if may_be_later and self._clock.monotonic() <= min(each.at + _PATIENCE, self._until):
                return False
            # Its lease ends by itself, and the message is found as it was left.
            log.error("not settled", action="settle_failed", followup=each.one.head.id, exc_info=one.error)
        self._ended(each, is_settled)
        return True

    def _hold(self, some: Sequence[Answered], tx: Transaction) -> None:
        """Take the users and lanes that nobody else has: users first, as everybody does."""
        for account in {each.account for each in some}:
            changed = [each for each in some if each.account == account and changes_user(each.going, each.result)]
            contacts.hold_free(tx, account, {each.openid for each in changed})
        lanes.hold_free(tx, [each.one.lane.id for each in some if _has_user(tx, each)])

    def _settle_if_free(self, each: Answered, tx: Transaction) -> bool:
        """Settle it if no user and no lane is to be waited for; return whether that is so."""
        if not lanes.is_held(tx, each.one.lane):
            self._hold([each], tx)  # it is done by itself, as something failed with the others
        if not (_has_user(tx, each) and lanes.is_held(tx, each.one.lane)):
            return False
        manners = self._ways[each.account].manners
        settle(tx, self._claims, each.one, each.going, each.result, manners, self._clock.now())
        return True


def _has_user(tx: Transaction, each: Answered) -> bool:
    return not changes_user(each.going, each.result) or contacts.is_held(tx, each.account, each.openid)
