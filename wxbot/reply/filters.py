"""Which pushes a handler is for. Filters compose: `text("a|b") & ~click("KEY")`."""

import re
from collections.abc import Callable, Mapping

from wxbot.protocol.events import ClickEvent, Event
from wxbot.protocol.messages import Message, Push, TextMessage

Captures = Mapping[str, str]
_NOTHING: Captures = {}


class Filter:
    """A question about a push: None for no, else what was captured by name."""

    def __init__(self, match: Callable[[Push], Captures | None], names: frozenset[str] = frozenset()) -> None:
        self.match, self.names = match, names

    def __and__(self, other: "Filter") -> "Filter":
        return Filter(lambda push: _both(self.match(push), other, push), self.names | other.names)

    def __or__(self, other: "Filter") -> "Filter":
        def either(push: Push) -> Captures | None:
            found = self.match(push)
            return other.match(push) if found is None else found

        return Filter(either, self.names & other.names)

    def __invert__(self) -> "Filter":
        return Filter(lambda push: _NOTHING if self.match(push) is None else None)


def _both(found: Captures | None, other: Filter, push: Push) -> Captures | None:
    more = None if found is None else other.match(push)
    return None if found is None or more is None else {**found, **more}


def where(claim: Callable[[Push], bool]) -> Filter:
    """Return a filter from any question that answers yes or no."""
    return Filter(lambda push: _NOTHING if claim(push) else None)


def text(pattern: str | None = None) -> Filter:
    """Match a text whose whole content, without surrounding blanks, fits the regular expression; any text for None.

    Named groups are captured. `re.error` for a pattern that is none.
    """
    if pattern is None:
        return where(lambda push: isinstance(push, TextMessage))
    compiled = re.compile(pattern)

    def match(push: Push) -> Captures | None:
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
    """Match a tap on the menu button with this key."""
    return where(lambda push: isinstance(push, ClickEvent) and push.EventKey == key)


anything = where(lambda push: True)
