"""Files that messages show: their limits, and how a message names one before the platform knows it.

A file is known by its digest. A message that waits holds `sha256:…` where the platform wants a media_id, since
that lives three days and the message may have to wait longer. Source: docs/platform.md §9.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar, get_args

from wxbot.errors import InvalidMessage
from wxbot.protocol.content import File, Image, MiniProgramPage, Music, Video, Voice
from wxbot.protocol.outgoing import dumps

Kind = Literal["image", "voice", "video", "thumb"]
KINDS: tuple[Kind, ...] = get_args(Kind)

LIFE = 3 * 86_400  # seconds a temporary media_id lives
MARK = "sha256:"  # how the name of a file begins; no media_id of the platform has a colon
_REFERENCE = re.compile(r"sha256:([0-9a-f]{64})")
_MB = 1024 * 1024
LIMITS: Mapping[Kind, tuple[int, tuple[str, ...]]] = {  # bytes, formats
    "image": (10 * _MB, ("png", "jpg", "gif")),
    "voice": (2 * _MB, ("amr", "mp3")),
    "video": (10 * _MB, ("mp4",)),
    "thumb": (64 * 1024, ("jpg",)),
}
LARGEST = max(limit for limit, _ in LIMITS.values())
MIMETYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "gif": "image/gif",
    "amr": "audio/amr",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
}
_STARTS = {
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpg": (b"\xff\xd8\xff",),
    "gif": (b"GIF87a", b"GIF89a"),
    "amr": (b"#!AMR",),
    "mp3": (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa"),
}
_OF_CONTENT: Mapping[type[Any], Kind] = {Image: "image", Voice: "voice", Video: "video"}
_WITH_THUMB = (Video, Music, MiniProgramPage)
_OF_MSGTYPE: Mapping[str, Kind] = {"image": "image", "voice": "voice", "video": "video"}

C = TypeVar("C", bound=Any)


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file as one kind of media, within that kind's limits; `name` is for people and for the platform."""

    kind: Kind
    name: str
    content: bytes
    digest: str = ""

    def __post_init__(self) -> None:
        check(self.kind, self.name, self.content)
        object.__setattr__(self, "digest", hashlib.sha256(self.content).hexdigest())

    @property
    def reference(self) -> str:
        """What a message says instead of a media_id."""
        return MARK + self.digest


@dataclass(frozen=True, slots=True)
class Use:
    """One file that a message shows."""

    kind: Kind
    digest: str


def format_of(content: bytes) -> str:
    """Return the format that a file begins as, `""` for none that the platform takes."""
    if content[4:8] == b"ftyp":
        return "mp4"
    return next((name for name, starts in _STARTS.items() if content.startswith(starts)), "")


def kind_of(content: bytes) -> Kind | None:
    """Return what a file of this format is sent as, None for a format that the platform does not take."""
    found = format_of(content)
    return next((kind for kind in KINDS if found in LIMITS[kind][1]), None)


def check(kind: Kind, name: str, content: bytes) -> None:
    """Raise InvalidMessage for a file that the platform would refuse as this kind of media.

    How long a voice note lasts (at most 60 s) is left to the platform.
    """
    limit, formats = LIMITS[kind]
    if not content:
        raise InvalidMessage(f"{name} is empty")
    if len(content) > limit:
        raise InvalidMessage(f"{name} has {len(content):,} bytes; as {kind} the platform takes {limit:,}")
    if format_of(content) not in formats:
        raise InvalidMessage(f"{name} is no {' or '.join(formats)}, which is what the platform takes as {kind}")


def is_reference(media_id: object) -> bool:
    """Return whether this names a file by its digest."""
    return isinstance(media_id, str) and _REFERENCE.fullmatch(media_id) is not None


def files_of(content: Any) -> list[tuple[str, Kind, File]]:
    """Return the files that a content is to show, each with its field and as what kind of media."""
    places = _places_of(content)
    return [(name, kind, value) for name, kind, value in places if isinstance(value, File)]


def uses_of(content: Any) -> list[Use]:
    """Return the files that a content names by their digest."""
    return [Use(kind, value.removeprefix(MARK)) for _, kind, value in _places_of(content) if is_reference(value)]


def with_ids(content: C, ids: Mapping[Use, str]) -> C:
    """Return a content with media_ids for the files that it names; KeyError when one is not among them."""
    told = {
        name: ids[Use(kind, value.removeprefix(MARK))]
        for name, kind, value in _places_of(content)
        if is_reference(value)
    }
    return replace(content, **told) if told else content


def _places_of(content: Any) -> list[tuple[str, Kind, Any]]:
    own = _OF_CONTENT.get(type(content))
    places: list[tuple[str, Kind, Any]] = [("media_id", own, content.media_id)] if own else []
    if isinstance(content, _WITH_THUMB):
        places.append(("thumb_media_id", "thumb", content.thumb_media_id))
    return places


def uses_in(message: str) -> list[Use]:
    """Return the files that a stored message names by their digest."""
    if MARK not in message:  # as nearly always: most messages are texts
        return []
    return [Use(kind, value.removeprefix(MARK)) for _, kind, value in _places_in(json.loads(message))]


def filled(message: str, ids: Mapping[Use, str]) -> str:
    """Return a stored message with media_ids for the files that it names; KeyError when one is not among them."""
    stored = json.loads(message)
    for name, kind, value in _places_in(stored):
        stored[stored["msgtype"]][name] = ids[Use(kind, value.removeprefix(MARK))]
    return dumps(stored)


def ids_in(message: str) -> list[str]:
    """Return the media_ids of a message as it goes out."""
    stored = json.loads(message)
    inner = stored[stored["msgtype"]]
    return [inner[name] for name in ("media_id", "thumb_media_id") if isinstance(inner.get(name), str)]


def _places_in(stored: dict[str, Any]) -> list[tuple[str, Kind, str]]:
    msgtype = stored["msgtype"]
    kinds: dict[str, Kind] = {"thumb_media_id": "thumb"}
    if msgtype in _OF_MSGTYPE:
        kinds["media_id"] = _OF_MSGTYPE[msgtype]
    inner = stored[msgtype]
    return [(name, kind, inner[name]) for name, kind in kinds.items() if is_reference(inner.get(name))]
