"""Who calls the push API, and whether this key may do this to this account, this often.

401 without a good key, 429 too often, 404 for an account that is not the key's (whether or not there
is such an account), 403 without the scope; in this order.
"""

import math
from collections.abc import Set

import structlog

from wxbot.clock import Clock
from wxbot.errors import StoreError
from wxbot.store import apikeys
from wxbot.store.apikeys import ApiKey, Scope
from wxbot.store.engine import Store
from wxbot.web.problems import Problem
from wxbot.web.rate import Rate

log = structlog.get_logger(__name__)

_NOTED_EVERY = 60.0  # seconds: to note each use would cost a write for each read


class Guard:
    """Lets a call through, or raises the Problem that answers it."""

    def __init__(self, store: Store, clock: Clock, accounts: Set[str], rate: float) -> None:
        """`rate` is calls a second for each key."""
        self._store, self._clock, self._accounts = store, clock, accounts
        self._rate = Rate(rate, clock.monotonic)

    def admit(self, authorization: str, account: str, scope: Scope) -> ApiKey:
        """Return the key of this call; raises Problem."""
        key = self._key(authorization)
        if seconds := self._rate.wait(key.id):
            retry = {"Retry-After": str(math.ceil(seconds))}
            raise Problem(429, "too many calls with this key", headers=retry)
        if key.account != account or account not in self._accounts:
            raise Problem(404, "there is no such account for this key")
        if scope not in key.scopes:
            raise Problem(403, f"this key has no scope {scope!r}")
        self._note(key)
        return key

    def _key(self, authorization: str) -> ApiKey:
        scheme, _, presented = authorization.partition(" ")
        now = self._clock.now()
        found = self._store.read(lambda tx: apikeys.check(tx, presented.strip(), now))
        if scheme.lower() != "bearer" or found is None:
            challenge = {"WWW-Authenticate": 'Bearer realm="wxbot"'}
            raise Problem(
                401, "send a key: Authorization: Bearer wxk_...; it may be revoked or expired", (), challenge
            )
        return found

    def _note(self, key: ApiKey) -> None:
        now = self._clock.now()
        if key.used_at is not None and abs(now - key.used_at) < _NOTED_EVERY:
            return
        try:
            self._store.write(lambda tx: apikeys.used(tx, key.id, now))
        except StoreError:
            log.warning("use of a key not noted", action="apikey_not_noted", apikey=key.id)
