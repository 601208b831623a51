"""How follow-ups of a topic are treated: when they keep quiet, and what is tried when the window is closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from math import inf
from typing import Literal
from zoneinfo import ZoneInfo

from wxbot.protocol.notice import Notice
from wxbot.store.lanes import Head, Lane, Move
from wxbot.times.local_time import Hours

Rung = Literal["template", "subscription", "webhook"]


@dataclass(frozen=True, slots=True)
class Manner:
    """What counts for one topic. `fallback` is tried in its order; `notices` has what its rungs say."""

    zone: ZoneInfo
    quiet: Hours | None = None
    decisive_wakes: bool = True
    fallback: tuple[Rung, ...] = ()
    notices: Mapping[Rung, Notice] = field(default_factory=dict)

    def below(self, rung: str) -> Rung | None:
        """Return the rung that comes after this one, None when it is the last, or no longer one."""
        after = self.fallback[self.fallback.index(rung) + 1 :] if rung in self.fallback else ()
        return after[0] if after else None


_NONE = Manner(ZoneInfo("Asia/Shanghai"))


class Manners:
    """An account's manners by pattern, such as `flight:*`; the first that fits a topic counts."""

    def __init__(self, by_pattern: Sequence[tuple[str, Manner]] = ()) -> None:
        self._by_pattern = by_pattern

    @property
    def have_fallback(self) -> bool:
        """Whether any topic has a fallback."""
        return any(manner.fallback for _, manner in self._by_pattern)

    def of(self, topic: str | None) -> Manner:
        """Return a topic's manner; the pattern `*` also fits follow-ups without a topic."""
        fitting = (one for pattern, one in self._by_pattern if _fits(pattern, topic))
        return next(fitting, _NONE)


def _fits(pattern: str, topic: str | None) -> bool:
    return pattern == "*" or (topic is not None and fnmatchcase(topic, pattern))


def is_quiet(manner: Manner, priority: str, lane: str, at: float) -> bool:
    """Return whether the quiet hours of its topic hold for a follow-up at a moment."""
    return _heeds(manner, priority, lane) and manner.quiet is not None and manner.quiet.hold(at)


def quiet_from(head: Head, lane: Lane, manner: Manner, now: float) -> float:
    """Return from when a follow-up that may go out now may not any more, Unix seconds; infinity for never."""
    if manner.quiet is None or not _heeds(manner, head.priority, lane.lane):
        return inf
    return manner.quiet.begin_at(now)


def _heeds(manner: Manner, priority: str, lane: str) -> bool:
    """Return whether quiet hours count for it; an answer to what its user wrote may always disturb them."""
    return lane != "chat" and not (priority == "decisive" and manner.decisive_wakes)


def put_off(head: Head, lane: Lane, manner: Manner, now: float) -> Move | None:
    """Return what becomes of a follow-up whose quiet hours hold: due at their end, if it is still of use then.

    None where it may disturb its user now.
    """
    if manner.quiet is None or not is_quiet(manner, head.priority, lane.lane, now):
        return None
    if head.not_after is not None and now > head.not_after:
        return None
    end = manner.quiet.over_at(now)
    local = f"{datetime.fromtimestamp(end, manner.zone):%m-%d %H:%M}"
    why = f"quiet hours until {local}"
    if head.not_after is not None and head.not_after < end:
        return Move(state="expired", reason=f"{why}, and not_after is before that")
    return Move(state="scheduled", reason=why, due_at=end, ready_at=end, told={"quiet_until": local})
