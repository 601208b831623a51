"""Which pushes a handler is for. Filters compose: `text("a|b") & ~click("KEY")`."""

import re
from collections.abc import Callable, Mapping

from wxbot.protocol.events import TAPS, Event, UnknownEvent
from wxbot.protocol.messages import Message, Push, TextMessage, UnknownMessage

Captures = Mapping[str, str]
_NOTHING: Captures = {}


class Filter:
    """A question about a push at a moment (Unix seconds): None for no, else what was captured by name."""

    def __init__(
        self, match: Callable[[Push, float], Captures | None], names: frozenset[str] = frozenset()
    ) -> None:
        self.match, self.names = match, names

    def __and__(self, other: "Filter") -> "Filter":
        def both(push: Push, now: float) -> Captures | None:
            found = self.match(push, now)
            more = None if found is None else other.match(push, now)
            return None if found is None or more is None else {**found, **more}

        return Filter(both, self.names | other.names)

    def __or__(self, other: "Filter") -> "Filter":
        def either(push: Push, now: float) -> Captures | None:
            found = self.match(push, now)
            return other.match(push, now) if found is None else found

        return Filter(either, self.names & other.names)

    def __invert__(self) -> "Filter":
        return Filter(lambda push, now: _NOTHING if self.match(push, now) is None else None)


def where(claim: Callable[[Push], bool]) -> Filter:
    """Return a filter from any question about the push that answers yes or no."""
    return Filter(lambda push, now: _NOTHING if claim(push) else None)


def when(claim: Callable[[float], bool]) -> Filter:
    """Return a filter from any question about the moment, Unix seconds on the bot's clock."""
    return Filter(lambda push, now: _NOTHING if claim(now) else None)


def text(pattern: str | None = None) -> Filter:
    """Match a text whose whole content, without surrounding blanks, fits the regular expression; any text for None.

    Named groups are captured. `re.error` for a pattern that is none.
    """
    if pattern is None:
        return where(lambda push: isinstance(push, TextMessage))
    compiled = re.compile(pattern)

    def match(push: Push, now: float) -> Captures | None:
        found = compiled.fullmatch(push.Content.strip()) if isinstance(push, TextMessage) else None
        return found and {name: value or "" for name, value in found.groupdict().items()}

    return Filter(match, frozenset(compiled.groupindex))


def message(msgtype: str) -> Filter:
    """Match a message by its MsgType."""
    return where(lambda push: isinstance(push, Message) and push.MsgType.lower() == msgtype.lower())


def event(name: str) -> Filter:
    """Match an event by its Event, in any case."""
    return where(lambda push: isinstance(push, Event) and push.Event.lower() == name.lower())


def click(key: str) -> Filter:
    """Match a tap on the menu button with this key, of whatever type the button is."""
    return where(lambda push: isinstance(push, TAPS) and push.EventKey == key)


anything = where(lambda push: True)
unknown_message = where(lambda push: isinstance(push, UnknownMessage))  # of a type that wxbot does not know
unknown_event = where(lambda push: isinstance(push, UnknownEvent))
