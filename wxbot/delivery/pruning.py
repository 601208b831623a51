"""Retention at work: a sender's process deletes what is over and old, slice by slice."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import structlog

from wxbot.clock import Clock
from wxbot.delivery.erasing import SLICE, erase, in_turn
from wxbot.store import counts, media, retention
from wxbot.store.engine import Store

log = structlog.get_logger(__name__)

_FILES = 2  # at once: one may have 10 MB
_COUNTS_KEPT = 35 * 86_400.0  # seconds: longer than any chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How long each is kept after it is over, in seconds; None: for ever."""

    pushes: float | None
    follow_ups: float | None
    publications: float | None
    plans: float | None
    unfollowed: float | None
    media: float | None

    def until(self, now: float) -> Mapping[str, float]:
        """Return the moment before which each was over that is old now; what is kept for ever is left out."""
        spans = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: now - span for name, span in spans.items() if span is not None}


class Pruning:
    """Deletes what is old. Any number may run, anywhere."""

    def __init__(self, store: Store, clock: Clock, keep: Keep) -> None:
        self._store, self._clock, self._keep = store, clock, keep
        self._counts_until = 0  # hours before this one have been looked at

    def step(self) -> bool:
        """Delete a slice of everything that is old; return whether there was anything."""
        now = self._clock.now()
        done = {name: self._slice(name, before) for name, before in self._keep.until(now).items()}
        done["counts"] = self._counts(now - _COUNTS_KEPT)
        deleted = {name: count for name, count in done.items() if count}
        if deleted:
            log.debug("pruned", action="pruned", **deleted)
        return bool(deleted)

    def _slice(self, name: str, before: float) -> int:
        match name:
            case "plans":
                return self._plan(before)
            case "unfollowed":
                return self._who_left(before)
            case "media":
                return self._media(before)
        found = self._store.read(lambda tx: retention.old(tx, name, before, SLICE))
        return in_turn(self._store, lambda tx: retention.delete(tx, name, found, before)) if found else 0

    def _media(self, before: float) -> int:
        found = self._store.read(lambda tx: media.old(tx, before, _FILES))
        return in_turn(self._store, lambda tx: media.delete(tx, found, before)) if found else 0

    def _counts(self, before: float) -> int:
        """Forget counts, once an hour: they are few, and no index finds the old ones."""
        hour = counts.hour_of(before)
        if hour == self._counts_until:
            return 0
        self._counts_until = hour
        return in_turn(self._store, lambda tx: counts.forget(tx, hour))

    def _plan(self, before: float) -> int:
        found = self._store.read(lambda tx: retention.old_plan(tx, before))
        if found is None:
            return 0
        account, topic = found
        return in_turn(self._store, lambda tx: retention.delete_plan(tx, account, topic, before, SLICE))

    def _who_left(self, before: float) -> int:
        found = self._store.read(lambda tx: retention.who_left(tx, before))
        if found is None:
            return 0
        account, openid = found
        return erase(
            self._store,
            account,
            openid,
            self._clock.now(),
            still=lambda tx: retention.is_still_gone(tx, account, openid, before),
        )
