"""Send windows: what a push grants, and what is left of it now.

Pure rules: no clock, no store. Times are whole Unix seconds, as in CreateTime.
Advisory only: when the platform refuses (45015, 45047) it is right and we are wrong.
Source: docs/platform.md §6.2, §6.3.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from wxbot.protocol.events import ClickEvent, ScanCodeEvent, ScanEvent, SubscribeEvent
from wxbot.protocol.messages import DeviceMessage, Message, Push, TextMessage

Kind = Literal["message", "action"]  # grants of one kind do not add up, grants of two kinds do

UNLIMITED = 1_000_000_000  # more messages than anyone sends: the count of the 48h rule


@dataclass(frozen=True, slots=True)
class Right:
    """What one kind of push allows: `count` messages for `seconds` from its CreateTime."""

    kind: Kind
    count: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Grant:
    """A Right at work: `left` messages until `expires_at`, Unix seconds."""

    kind: Kind
    left: int
    expires_at: int

    def is_open(self, now: float) -> bool:
        """Return whether a message may still start on it, with a margin for clocks that disagree."""
        return self.left > 0 and now < self.expires_at - MARGIN[self.kind]


def is_unlimited(left: int) -> bool:
    """Return whether so many are left that they need not be counted: the 48h rule, whatever was spent of it."""
    return left > UNLIMITED // 2


BESIDE = 5  # seconds; our clock and theirs may differ by as much
MARGIN: Mapping[Kind, int] = {"message": 60, "action": BESIDE}  # seconds before its end at which a grant closes
_MESSAGE = Right("message", 5, 48 * 3600)
_ACTION = Right("action", 3, 60)
_ARTICLE = Right("message", UNLIMITED, 48 * 3600)
RIGHTS: Mapping[str, Mapping[str, Right]] = {
    "current": {"message": _MESSAGE, "click": _ACTION, "subscribe": _ACTION, "scan": _ACTION},
    "48h": {"message": _ARTICLE, "click": _ARTICLE, "subscribe": _ARTICLE, "scan": _ARTICLE},
}


def trigger(push: Push) -> str | None:
    """Return which row of the rights table a push falls under, None when it opens nothing.

    A tap on a `msgmenu` arrives as a text but counts as a menu click.
    """
    match push:
        case TextMessage() if push.bizmsgmenuid:
            return "click"
        case DeviceMessage() if push.MsgType != "device_text":
            return None  # the device spoke, not the user
        case Message():
            return "message"
        case SubscribeEvent():
            return "subscribe"
        case ScanEvent():
            return "scan"
        case ClickEvent() | ScanCodeEvent():
            return "click"
        case _:
            return None


def granted(push: Push, rights: Mapping[str, Right]) -> Grant | None:
    """Return what `push` grants, counted from its CreateTime."""
    right = rights.get(trigger(push) or "")
    return Grant(right.kind, right.count, push.CreateTime + right.seconds) if right else None


def spend(grants: Iterable[Grant], now: float) -> Grant | None:
    """Return the grant to spend for one message, or None when none is open.

    The one that expires soonest goes first, so a click is used up before the
    48 h window it overlaps.
    """
    return min((one for one in grants if one.is_open(now)), key=lambda one: one.expires_at, default=None)
