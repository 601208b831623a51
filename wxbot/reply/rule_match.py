"""Which pushes a rule is for: the `match` table as a filter.

Patterns are RE2's, so that no text, however evil, makes one slow.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from operator import and_
from zoneinfo import ZoneInfo

import re2

from wxbot.protocol.events import TAPS, ScanEvent, SubscribeEvent
from wxbot.protocol.messages import Message, Push, TextMessage
from wxbot.reply import filters
from wxbot.reply.filters import Captures, Filter
from wxbot.reply.toml_table import Table
from wxbot.times.local_time import parse_hours

MAX_PATTERN = 500  # characters
MAX_INPUT = 2048  # characters; a longer text fits no pattern
MAX_MEMORY = 1 << 20  # bytes for one pattern

Words = dict[str, Callable[[str, str], bool]]
_TEXTS: Words = {"text": str.__eq__, "contains": str.__contains__, "prefix": str.startswith}
_MESSAGES = (*_TEXTS, "regex", "message")
_EVENTS = ("event", "menu", "scene")
KEYS = (*_MESSAGES, *_EVENTS, "hours", "ignore_case")


def read_match(table: Table, zone: ZoneInfo) -> Filter:
    """Return the filter of a `match` table, all of whose keys must hold; what is wrong with it is noted."""
    table.only(KEYS)
    for_message, for_event = ([key for key in keys if key in table] for keys in (_MESSAGES, _EVENTS))
    if for_message and for_event:
        table.wrong(for_event[0], f"and {for_message[0]} never hold together: a push is a message or an event")
    found = [*_texts(table), *_kinds(table), *_hours(table, zone)]
    if not {*KEYS[:-1]} & {*table.values}:
        table.wrong("", f"needs one of {', '.join(KEYS[:-1])}")
    if not for_message and not for_event:  # `hours` alone: events come too often to be answered unasked
        found.append(filters.where(lambda push: isinstance(push, Message)))
    return reduce(and_, found)


def _texts(table: Table) -> list[Filter]:
    ignore_case = table.get("ignore_case", bool, False)
    found = [_words(table.texts(key), fits, ignore_case) for key, fits in _TEXTS.items() if key in table]
    if "regex" in table:
        found.append(_regex(table, ignore_case))
    return found


def _words(words: Sequence[str], fits: Callable[[str, str], bool], ignore_case: bool) -> Filter:
    fold = str.casefold if ignore_case else str
    wanted = [fold(word) for word in words]

    def claim(push: Push) -> bool:
        if not isinstance(push, TextMessage):
            return False
        text = fold(push.Content.strip())
        return any(fits(text, word) for word in wanted)

    return filters.where(claim)


def _regex(table: Table, ignore_case: bool) -> Filter:
    try:
        return regex(table.get("regex", str, ""), ignore_case=ignore_case)
    except ValueError as exc:
        table.wrong("regex", str(exc))
        return filters.anything


def regex(pattern: str, *, ignore_case: bool = False) -> Filter:
    """Return a filter for texts that fit an RE2 pattern as a whole, capturing its named groups.

    ValueError, with the reason, for a pattern that RE2 refuses or that is too long.
    """
    if not 0 < len(pattern) <= MAX_PATTERN:
        raise ValueError(f"has {len(pattern)} characters; a pattern has 1 to {MAX_PATTERN}")
    options = re2.Options()
    options.max_mem, options.log_errors, options.case_sensitive = MAX_MEMORY, False, not ignore_case
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as exc:
        raise ValueError(_reason(exc)) from None

    def match(push: Push, now: float) -> Captures | None:
        text = push.Content.strip() if isinstance(push, TextMessage) else None
        if text is None or len(text) > MAX_INPUT:
            return None
        found = compiled.fullmatch(text)
        return found and {name: value or "" for name, value in found.groupdict().items()}

    return Filter(match, frozenset(compiled.groupindex))


def _reason(exc: Exception) -> str:
    told = exc.args[0].decode() if isinstance(exc.args[0], bytes) else str(exc)
    if "perl operator" in told or "escape sequence: \\" in told:
        return f"is not an RE2 pattern ({told}): there are no look-arounds and no back references"
    if "too large" in told:
        return f"is too large a pattern ({told}): repeat less"
    return f"is not a pattern: {told}"


def _kinds(table: Table) -> list[Filter]:
    found = []
    if "message" in table:
        found.append(filters.message(table.get("message", str, "")))
    if "event" in table:
        found.append(filters.event(table.get("event", str, "")))
    if "menu" in table:
        keys = table.texts("menu")
        found.append(filters.where(lambda push: isinstance(push, TAPS) and push.EventKey in keys))
    if "scene" in table:
        scenes = table.texts("scene")
        found.append(
            filters.where(lambda push: isinstance(push, SubscribeEvent | ScanEvent) and push.scene in scenes)
        )
    return found


def _hours(table: Table, zone: ZoneInfo) -> list[Filter]:
    if "hours" not in table:
        return []
    try:
        return [filters.when(parse_hours(table.get("hours", str, ""), zone).hold)]
    except ValueError as exc:
        table.wrong("hours", str(exc))
        return []
