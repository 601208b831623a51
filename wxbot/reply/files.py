"""From the Files in what a handler says to the bytes that are kept, and what the message says instead."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import structlog

from wxbot.errors import InvalidMessage, SendFailed
from wxbot.protocol.content import Content, File
from wxbot.protocol.media import LARGEST, Kind, MediaFile, Use, files_of
from wxbot.protocol.outgoing import message_json

log = structlog.get_logger(__name__)


class Shelf(Protocol):
    """Where files are kept, and the way for them to the platform and back: `platform.media.Media`."""

    def keep(self, file: MediaFile) -> Use:
        """Keep a file, so that messages may name it."""
        ...

    def media_id(self, use: Use) -> str:
        """Return by what the platform knows it; it is uploaded when it has to be."""
        ...

    def download(self, media_id: str, to: Path, *, most: int) -> str:
        """Fetch into a file of at most so many bytes."""
        ...


def read_file(file: File, kind: Kind) -> MediaFile:
    """Return a file as this kind of media; raises InvalidMessage for one that is not there or would be refused."""
    name = Path(file.path).name or file.path
    return MediaFile(kind, name, _bytes(file) if file.content is None else file.content)


def _bytes(file: File) -> bytes:
    try:
        with Path(file.path).open("rb") as opened:
            return opened.read(LARGEST + 1)  # one byte more tells of one that is too large
    except OSError as exc:
        raise InvalidMessage(f"{file.path} cannot be read: {exc.strerror}") from None


def taken(content: Content) -> tuple[Content, list[MediaFile]]:
    """Return a content that names its Files by their digest, and the files; raises InvalidMessage."""
    found = [(field, read_file(file, kind)) for field, kind, file in files_of(content)]
    if not found:
        return content, []
    references: dict[str, Any] = {field: file.reference for field, file in found}
    said: Content = replace(content, **references)
    return said, [file for _, file in found]


def shown(shelf: Shelf | None, reply: Content, *, upload: bool) -> Content:
    """Return a reply that names its Files by their digest; they are kept, and uploaded when there is time to.

    What could not be uploaded will be a follow-up; raises InvalidMessage for what can be none.
    """
    said, files = taken(reply)
    if shelf is None or not files:
        return said
    uses = [shelf.keep(file) for file in files]
    try:
        for use in uses if upload else []:
            shelf.media_id(use)
    except SendFailed as exc:
        log.warning("not uploaded", action="media_failed", why=str(exc))
        message_json(said)
    return said
