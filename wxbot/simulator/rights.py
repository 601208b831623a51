"""What the account may still send to one person: the platform's own count, kept apart from wxbot's.

Two classes of grant stand side by side: a message opens 5 sends for 48 hours, an action (menu
click, follow, scan) opens 3 for one minute. Grants of one class do not add up. Times are Unix
seconds, counted from CreateTime. Source: docs/platform.md §6.2 and §6.3.
"""

from dataclasses import dataclass
from typing import Any, Literal

GrantClass = Literal["message", "action"]

MESSAGE_SENDS, MESSAGE_LIFE = 5, 172_800  # sends, seconds
ACTION_SENDS, ACTION_LIFE = 3, 60

WINDOW_CLOSED = 45015
COUNT_USED_UP = 45047


@dataclass(slots=True)
class Grant:
    """Sends left until a moment; `left` is None under the old rule, which did not count."""

    left: int | None
    until: float

    def is_open(self, now: float) -> bool:
        """Return whether the time has not run out, whatever is left."""
        return now < self.until

    def shown(self, now: float) -> dict[str, Any]:
        """Return the grant as the control page shows it; a closed one has nothing left."""
        return {"left": self.left if self.is_open(now) else 0, "until": self.until}


@dataclass(slots=True)
class Rights:
    """The grants of one person."""

    message: Grant | None = None
    action: Grant | None = None

    def give(self, kind: GrantClass, at: float, *, unlimited: bool = False) -> None:
        """Open or widen one class of grant; `unlimited` is the rule of before 2021: 48 h, uncounted."""
        sends, life = (MESSAGE_SENDS, MESSAGE_LIFE) if kind == "message" else (ACTION_SENDS, ACTION_LIFE)
        fresh = Grant(None, at + MESSAGE_LIFE) if unlimited else Grant(sends, at + life)
        old = self.message if kind == "message" else self.action
        if old is not None and old.is_open(at):
            fresh.until = max(fresh.until, old.until)
        if kind == "message":
            self.message = fresh
        else:
            self.action = fresh

    def refusal(self, now: float) -> int | None:
        """Return the errcode a send would meet now, or None when it would be taken."""
        still_open = [grant for grant in (self.message, self.action) if grant and grant.is_open(now)]
        if not still_open:
            return WINDOW_CLOSED
        return None if any(grant.left != 0 for grant in still_open) else COUNT_USED_UP

    def spend(self, now: float) -> None:
        """Take one send from the grant that ends soonest; ask `refusal` first."""
        usable = [g for g in (self.message, self.action) if g and g.is_open(now) and g.left != 0]
        grant = min(usable, key=lambda g: g.until)
        if grant.left is not None:
            grant.left -= 1

    def close(self) -> None:
        """End everything at once, as unfollowing does."""
        self.message = self.action = None

    def shown(self, now: float) -> dict[str, Any]:
        """Return both classes for the control page; None where nothing was ever granted."""
        return {
            "message": self.message.shown(now) if self.message else None,
            "action": self.action.shown(now) if self.action else None,
        }
