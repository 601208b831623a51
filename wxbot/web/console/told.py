"""What users wrote and what they were answered, in a line or a bubble each."""

from dataclasses import dataclass

from wxbot.errors import MalformedPush
from wxbot.protocol import messages
from wxbot.protocol.envelope import Reader
from wxbot.protocol.events import Event
from wxbot.protocol.inbound import read
from wxbot.protocol.messages import Push
from wxbot.protocol.replies import NO_REPLY
from wxbot.protocol.wire import Fields, children_of, parse, text_of


@dataclass(frozen=True, slots=True)
class Told:
    """What stands in a bubble: its kind by the platform's name, and a text, which may be empty."""

    kind: str
    text: str = ""


def push(body: bytes) -> Told:
    """Return what a push says; one that cannot be read is said to be so."""
    try:
        return _push(read(body))
    except MalformedPush:
        return Told("unreadable")


def _push(one: Push) -> Told:
    match one:
        case Event():
            return Told(one.Event, text_of(one.fields, "EventKey"))
        case messages.TextMessage():
            return Told("text", one.Content)
        case messages.LocationMessage():
            return Told("location", one.Label or f"{one.Location_X}, {one.Location_Y}")
        case messages.LinkMessage():
            return Told("link", f"{one.Title} {one.Url}".strip())
        case _:
            return Told(one.MsgType, text_of(one.fields, "Recognition"))


def reply(answered: bytes, reader: Reader) -> Told | None:
    """Return what a push was answered, None for nothing; sealed answers are opened with the account's key."""
    if answered in (NO_REPLY, b""):
        return None
    try:
        fields = parse(reader.unseal(answered))
    except MalformedPush:
        return Told("unreadable")
    kind = text_of(fields, "MsgType")
    return Told(kind, text_of(fields, "Content") or _title(fields, kind))


def _title(fields: Fields, kind: str) -> str:
    where = {"news": ("Articles", "item"), "music": ("Music",), "video": ("Video",)}.get(kind, ())
    found = children_of(fields, *where) if where else []
    return text_of(found[0], "Title") if found else ""
