"""What the platform has answered, until it is settled: many in one commit, and none is forgotten.

A store that cannot do it now is asked again: a message that went out and is not settled would go out once more when
its lease ends. On PostgreSQL nothing is waited for in a transaction with others' messages, as whoever has it may be
waiting for one of those.
"""

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
from wxbot.store import lanes
from wxbot.store.engine import Store, Transaction
from wxbot.store.together import Wanted

log = structlog.get_logger(__name__)

_PATIENCE = 600.0  # seconds that a store may be away
_LAST = (
    6.0  # seconds for the same once the sender is to stop: longer than PostgreSQL leaves locks to who is stopped
)


@dataclass(frozen=True, slots=True)
class Answered:
    """A message whose call has come to something, and when it had (monotonic)."""

    one: Claimed
    going: Going
    result: Outcome
    at: float


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
        self._patience = _PATIENCE
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
        self._patience = _LAST

    def take(self) -> list[Answered]:
        """Return what is new, for `settle`."""
        return [self._new.popleft() for _ in range(len(self._new))]

    def settle(self, new: Sequence[Answered], beside: Sequence[Callable[[Transaction], Any]]) -> list[Wanted]:
        """Settle these, and what was kept, in one commit with the work beside; return what came of that."""
        some, self._kept = [*self._kept, *new], []
        if not some and not beside:
            return []
        free = [partial(self._settle_free, each) for each in some]
        _, *done = self._store.write_each([partial(self._hold, some), *free, *beside])
        self._settle_left([each for each, one in zip(some, done, strict=False) if not self._is_over(each, one)])
        return done[len(some) :]

    def _settle_left(self, left: Sequence[Answered]) -> None:
        """Settle by itself what others may have to be waited for; keep the rest for later once one is in vain."""
        for number, each in enumerate(left):
            if changes_user(each.going, each.result):
                [one] = self._store.write_each([partial(self._settle, each)])
                if not self._is_over(each, one):
                    self._kept += left[number:]
                    return
            else:
                self._kept.append(each)

    def _is_over(self, each: Answered, one: Wanted) -> bool:
        """Return whether a message is in hand no longer, and say so."""
        is_settled = bool(one.result)
        if not is_settled:
            may_be_later = one.error is None or isinstance(one.error, StoreError)
            if may_be_later and self._clock.monotonic() - each.at <= self._patience:
                return False
            # Its lease ends by itself, and the message is found as it was left.
            log.error("not settled", action="settle_failed", followup=each.one.head.id, exc_info=one.error)
        self._ended(each, is_settled)
        return True

    def _hold(self, some: Sequence[Answered], tx: Transaction) -> None:
        lanes.hold_free(tx, [each.one.lane.id for each in some if not changes_user(each.going, each.result)])

    def _settle_free(self, each: Answered, tx: Transaction) -> bool:
        """Settle it if nobody is to be waited for; return whether that is so."""
        return lanes.is_held(tx, each.one.lane) and self._settle(each, tx)

    def _settle(self, each: Answered, tx: Transaction) -> bool:
        manners = self._ways[each.one.head.account].manners
        settle(tx, self._claims, each.one, each.going, each.result, manners, self._clock.now())
        return True
