"""The access_token: one for all processes of an account, fetched by one of them.

It is kept in the store. Whoever finds it near its end claims the refresh; the others go on with
the old one, which the platform honours for five more minutes. A token that the platform refused is
replaced only if it is still the stored one. Source: docs/platform.md §4.
"""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import structlog

from wxbot.clock import Clock
from wxbot.errors import NoToken, Refused, StoreError, Unanswered
from wxbot.platform.answers import checked
from wxbot.platform.transport import Transport
from wxbot.protocol import reaction
from wxbot.protocol.outgoing import dumps
from wxbot.store import gates, tokens
from wxbot.store.engine import Store, Transaction
from wxbot.store.gates import Gate
from wxbot.store.lanes import Lease
from wxbot.store.tokens import StoredToken

log = structlog.get_logger(__name__)

EARLY = 280.0  # seconds before its end; inside the five minutes in which a new one is to be had
FORCE_EVERY = 30.0  # seconds; the platform ignores forced refreshes that follow faster
_LEASE = 15.0  # seconds; a fetch takes at most the transport's limit
_PAUSE = 5.0  # seconds nobody fetches after a fetch without an answer
_WAIT = 5.0  # seconds to wait for another process's fetch
_LONGEST = 30 * 86_400  # seconds a token may be said to live; the platform says two hours
_CACHE = 30.0  # seconds a process goes without looking into the store

TokenApi = Literal["stable_token", "token"]


class AccessTokens:
    """One account's access_token. Thread-safe."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        transport: Transport,
        account: str,
        appid: str,
        appsecret: str,
        api: TokenApi,
    ) -> None:
        self._store, self._clock, self._transport = store, clock, transport
        self._account, self._appid, self._appsecret, self._api = account, appid, appsecret, api
        self._early = EARLY - random.uniform(0, 60)  # so that processes do not all notice in one second
        self._lock = threading.Lock()
        self._cached: tuple[StoredToken, float] | None = None

    def get(self) -> str:
        """Return a token that should be good; raises NoToken when none can be had now."""
        cached = self._cached
        if cached and time.monotonic() - cached[1] < _CACHE and self._is_fresh(cached[0]):
            return cached[0].token
        with self._lock, _from_the_store():
            stored = self._known()
            left = stored.expires_at - self._clock.now()
            if self._is_fresh(stored) or (left > 30 and self._clock.now() - stored.fetched_at < FORCE_EVERY):
                return stored.token
            return self._replace(stored, still_good=left > 30)

    def check(self) -> float:
        """Return for how many seconds the platform's token is good, asking it now; for `wxbot doctor`.

        Raises Refused or Unanswered. The older interface would make a new token each time: there the
        stored one is looked at, and fetched (NoToken) when there is none.
        """
        if self._api == "stable_token":
            return float(self._ask(force=False)["expires_in"])
        self.get()
        return self._known().expires_at - self._clock.now()

    def refused(self, token: str) -> str:
        """Return another token than this one, which the platform has just refused; raises NoToken."""
        with self._lock, _from_the_store():
            self._cached = None
            stored = self._known()
            return self._replace(stored, still_good=False) if stored.token == token else stored.token

    def _is_fresh(self, stored: StoredToken) -> bool:
        return stored.expires_at - self._clock.now() > self._early

    def _known(self) -> StoredToken:
        if self._cached and time.monotonic() - self._cached[1] < _CACHE:
            return self._cached[0]
        stored = self._store.read(lambda tx: tokens.read(tx, self._account))
        self._cached = (stored, time.monotonic())
        return stored

    def _replace(self, old: StoredToken, *, still_good: bool) -> str:
        """Fetch a new token, or wait for the process that does; `still_good` means nobody has to wait."""
        end = time.monotonic() + _WAIT
        while not self._claim(old):
            self._cached = None
            if still_good:
                return old.token
            stored = self._known()
            if stored.token != old.token:
                return stored.token
            if time.monotonic() > end:
                raise NoToken("another process has been fetching the access_token for too long")
            time.sleep(0.05)
        return self._fetch_claimed(old, still_good=still_good)

    def _claim(self, old: StoredToken) -> bool:
        def work(tx: Transaction) -> bool:
            self._heed_gate(tx)
            clock = self._store.lease_clock(tx)
            lease = Lease(self._store.owner, self._store.boot, clock, clock + _LEASE)
            return tokens.take_refresh(tx, self._account, old.token, lease)

        return self._store.write(work)

    def _heed_gate(self, tx: Transaction) -> None:
        now = self._clock.now()
        for gate in gates.closed(tx, self._account, now):
            probe = reaction.probe_seconds(gate.errcode, at="token")
            if gate.interface == "token" and not (probe and gates.may_probe(tx, self._account, gate, now, probe)):
                raise NoToken(f"the token endpoint rests until {gate.until:.0f}: {gate.reason}")

    def _fetch_claimed(self, old: StoredToken, *, still_good: bool) -> str:
        try:
            fresh = self._fetch(old)
        except (Refused, Unanswered) as exc:
            self._give_up(exc, still_good)
            log.warning("no access_token", action="token_refused", account=self._account, why=str(exc))
            if still_good:
                return old.token
            raise NoToken(f"the platform gave no access_token: {exc}") from None
        self._store.write(lambda tx: self._keep(tx, fresh))
        self._cached = (fresh, time.monotonic())
        log.info("access_token fetched", action="token_fetched", account=self._account, api=self._api)
        return fresh.token

    def _keep(self, tx: Transaction, fresh: StoredToken) -> None:
        tokens.put(tx, self._account, self._store.owner, fresh)
        gates.open_again(tx, self._account, "token")

    def _give_up(self, exc: Refused | Unanswered, still_good: bool) -> None:
        """Let another try, at once while there is a good token, else after a pause that fits the refusal."""
        now, errcode, span, probe = self._clock.now(), 0, _PAUSE, None
        if isinstance(exc, Refused):
            errcode = exc.errcode
            span = reaction.gate_seconds(errcode, now, random.random(), at="token") or _PAUSE
            probe = reaction.probe_seconds(errcode, at="token")
        gate = Gate("token", now + span, errcode, str(exc), now, now + probe if probe else None)

        def work(tx: Transaction) -> None:
            tokens.drop_refresh(tx, self._account, self._store.owner)
            if not still_good:
                gates.close(tx, self._account, gate)

        self._store.write(work)

    def _fetch(self, old: StoredToken) -> StoredToken:
        """Ask for the current token; force a new one when the current one is the one we must replace."""
        answer = self._ask(force=False)
        forced_at = old.forced_at
        now = self._clock.now()
        replacing_a_bad_one = answer["access_token"] == old.token and old.expires_at - now > EARLY
        if replacing_a_bad_one and now - old.forced_at >= FORCE_EVERY:
            answer, forced_at = self._ask(force=True), now
        return StoredToken(answer["access_token"], now + float(answer["expires_in"]), now, forced_at)

    def _ask(self, *, force: bool) -> dict[str, Any]:
        who = {"grant_type": "client_credential", "appid": self._appid, "secret": self._appsecret}
        if self._api == "token":
            answer = checked(self._transport.get("/cgi-bin/token", who))
        else:
            body = dumps({**who, "force_refresh": force}).encode()
            answer = checked(self._transport.post("/cgi-bin/stable_token", {}, body))
        if not _is_token(answer.get("access_token"), answer.get("expires_in")):
            raise Unanswered("an answer without access_token and expires_in", delivered_maybe=False)
        return answer


@contextmanager
def _from_the_store() -> Iterator[None]:
    """Tell a store that cannot do it as what it comes to: nothing was sent, so no message is in doubt."""
    try:
        yield
    except StoreError as exc:
        raise NoToken(f"the store gave no access_token: {exc}") from exc


def _is_token(token: object, expires_in: object) -> bool:
    """Return whether these can be a token and its seconds: it goes into URLs and into the store."""
    good = isinstance(token, str) and token.isascii() and token.isprintable() and token != ""
    return good and isinstance(expires_in, int) and 0 < expires_in <= _LONGEST
