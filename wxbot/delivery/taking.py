"""What a sender takes in hand: a claim of what is due, which begins it too."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from wxbot.clock import Clock
from wxbot.delivery.begin import Beginning
from wxbot.delivery.claims import Claimed, Claims
from wxbot.delivery.way import Going, Way
from wxbot.protocol.window import Grant
from wxbot.store import contacts
from wxbot.store.engine import Store, Transaction
from wxbot.store.lanes import Move

_MOST_AT_ONCE = 16  # lanes in a claim that begins what it claims: others wait for its length


@dataclass(frozen=True, slots=True)
class Taken:
    """A message in hand, since when the lease on its lane runs (monotonic), and what was begun with it."""

    one: Claimed
    since: float
    is_begun: bool = False
    going: Going | Move | None = None


class Taking:
    """One process's claims and beginnings. `slack` is the seconds that a lease may have run when a call begins."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        claims: Claims,
        beginning: Beginning,
        ways: Mapping[str, Way],
        slack: float,
    ) -> None:
        self._store, self._clock, self._claims, self._beginning = store, clock, claims, beginning
        self._ways, self._slack = ways, slack

    def look(self, account: str) -> list[int]:
        """Return in which ranks of lanes something may be due: cheaper than to take in vain."""
        return self._store.read(lambda tx: self._ranks(tx, account, self._clock.now()))

    def take(self, account: str, free: int, ranks: Sequence[int] = ()) -> Callable[[Transaction], list[Taken]]:
        """Return what claims up to `free` messages of these ranks, and begins what can be begun with that.

        Without ranks it looks for them itself. Where beginning fails, `take_only` is left.
        """

        def work(tx: Transaction) -> list[Taken]:
            at_once: list[Taken] = []
            later: list[Taken] = []
            claimed = self._claim(tx, account, min(free, _MOST_AT_ONCE), ranks)
            # A push takes its user before the lanes, which we have: no user is waited for.
            grants = contacts.grants_of_free(tx, account, {each.one.lane.openid for each in claimed})
            for each in claimed:
                is_free = contacts.is_held(tx, account, each.one.lane.openid)
                (at_once if is_free and self._beginning.can_at_once(each.one) else later).append(each)
            # What the first of a user's may spend, those behind it read anew, as does a stranger's: they may come.
            begun = [self._begin(tx, each, grants.pop(each.one.lane.openid, None)) for each in at_once]
            return [*begun, *self._mark(tx, later)]

        return work

    def take_only(self, account: str, free: int) -> Callable[[Transaction], list[Taken]]:
        """Return what claims without beginning: each of these is begun by itself."""
        return lambda tx: self._mark(tx, self._claim(tx, account, free))

    def _ranks(self, tx: Transaction, account: str, now: float) -> list[int]:
        return self._claims.due_ranks(tx, account, now, falls=self._ways[account].manners.have_fallback)

    def _claim(self, tx: Transaction, account: str, free: int, ranks: Sequence[int] = ()) -> list[Taken]:
        way, now = self._ways[account], self._clock.now()
        since = self._clock.monotonic()  # before the lease begins to run: we may be stopped between the two
        if not (ranks := ranks or self._ranks(tx, account, now)):
            return []
        return [Taken(one, since) for one in self._claims.claim(tx, account, free, now, way, ranks=ranks)]

    def _begin(self, tx: Transaction, taken: Taken, grants: Sequence[Grant] | None) -> Taken:
        one = replace(taken.one, grants=grants)
        going = self._beginning.begin(tx, one, self._clock.now(), renew=False)
        return replace(taken, is_begun=True, going=going)

    def _mark(self, tx: Transaction, some: Sequence[Taken]) -> list[Taken]:
        marked = self._claims.mark(tx, [each.one for each in some], self._clock.now())
        return [replace(each, one=one) for each, one in zip(some, marked, strict=True)]

    def begun(self, taken: Taken) -> Taken:
        """Return it begun: what it goes out as, or what became of it without that."""
        if taken.is_begun:
            return taken
        now = self._clock.monotonic()
        renew = now - taken.since > self._slack / 2
        going = self._store.write(lambda tx: self._beginning.begin(tx, taken.one, self._clock.now(), renew=renew))
        return Taken(taken.one, now if renew else taken.since, True, going)
