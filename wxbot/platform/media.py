"""Files to the platform and from it: uploaded once and again when they have expired; fetched into a file.

What is uploaded is kept in the store by its digest, with the media_id of its last upload, so that all
processes of an account share it. Source: docs/platform.md §9.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import structlog

from wxbot.clock import Clock
from wxbot.errors import NotFound, TooLarge, Unanswered, WxbotError
from wxbot.platform.client import Client
from wxbot.platform.transport import Upload
from wxbot.protocol.media import MIMETYPES, MediaFile, Use, filled, format_of, uses_in
from wxbot.store import media
from wxbot.store.engine import Store, Transaction

log = structlog.get_logger(__name__)

TRANSFER_LIMIT = 60.0  # seconds a whole upload or download may last
_LEASE = 2 * TRANSFER_LIMIT + 10  # seconds: an upload may be made twice, with another token
_WAIT = 10.0  # seconds to wait for another process's upload
_LONGEST_ID = 1000  # characters
_ERROR = 64 * 1024  # bytes of an answer in JSON

Told = Callable[[int, int], None]  # hears how many bytes of how many are through, 0 when that is not known


def _silent(done: int, total: int) -> None:
    """Tell nobody."""


class Media:
    """One account's. Thread-safe. Calls raise Refused, Unanswered, or NoToken."""

    def __init__(self, store: Store, clock: Clock, client: Client, account: str) -> None:
        self._store, self._clock, self._client, self._account = store, clock, client, account

    def keep(self, file: MediaFile) -> Use:
        """Keep a file, so that messages may name it."""
        use, now = Use(file.kind, file.digest), self._clock.now()
        used_at = self._store.read_one(lambda tx: media.used_at(tx, self._account, use))
        if used_at is None or used_at < now - media.LATELY:  # not too old, that it is not deleted meanwhile
            self._store.write(lambda tx: media.keep(tx, self._account, file, now))
        return use

    def media_id(self, use: Use, told: Told = _silent) -> str:
        """Return by what the platform knows a kept file now; it is uploaded when it has to be, by one of all.

        Raises NotFound for a file that is not kept.
        """
        end = time.monotonic() + _WAIT
        while not (live := self._store.read_one(lambda tx: media.live(tx, self._account, use, self._clock.now()))):
            if self._claim(use):
                return self._upload(use, told)
            if time.monotonic() > end:
                raise Unanswered("another process is uploading the file", delivered_maybe=False)
            time.sleep(0.05)
        return live

    def ready(self, message: str) -> None:
        """Upload what a stored message shows, as far as the platform does not know it now."""
        for use in uses_in(message):
            self.media_id(use)

    def filled(self, message: str) -> str | None:
        """Return a stored message with its files' media_ids, None when one of them has to be uploaded first."""
        uses = uses_in(message)
        if not uses:
            return message
        now = self._clock.now()
        ids = self._store.read(lambda tx: {use: media.live(tx, self._account, use, now) for use in uses})
        return filled(message, ids) if all(ids.values()) else None

    def download(self, media_id: str, to: Path, *, most: int, told: Told = _silent) -> str:
        """Fetch what a user sent into a file, at most so many bytes; return its Content-Type.

        The file is there whole or not at all. Raises TooLarge, and WxbotError for what cannot be written.
        """
        part = to.with_name(f".{to.name}.part")
        try:
            with part.open("wb") as opened:
                sink = _ToFile(opened, most, told)
                self._client.stream("/cgi-bin/media/get", {"media_id": media_id}, sink)
            part.replace(to)
        except OSError as exc:
            raise WxbotError(f"{to} cannot be written: {exc.strerror}") from exc
        finally:
            part.unlink(missing_ok=True)
        return sink.content_type

    def _claim(self, use: Use) -> bool:
        def work(tx: Transaction) -> bool:
            if media.used_at(tx, self._account, use) is None:
                raise NotFound(
                    f"no file sha256:{use.digest[:12]}… is kept as {use.kind} in account {self._account!r}: "
                    "`wxbot media upload FILE` keeps one"
                )
            clock, dead = self._store.lease_clock(tx), media.latest(tx, self._account, use)
            if media.live(tx, self._account, use, self._clock.now()):
                return False
            lease = {"owner": self._store.owner, "boot": self._store.boot, "lease_until": clock + _LEASE}
            return media.take_upload(tx, self._account, use, dead, clock=clock, **lease)

        return self._store.write(work)

    def _upload(self, use: Use, told: Told) -> str:
        owner, now = self._store.owner, self._clock.now()
        try:
            media_id = self._sent(use, told)
        except BaseException:
            self._store.write(lambda tx: media.drop_upload(tx, self._account, use, owner))
            raise
        self._store.write(lambda tx: media.put(tx, self._account, use, owner, media_id, now))
        log.info("uploaded", action="media_uploaded", account=self._account, kind=use.kind, digest=use.digest)
        return media_id

    def _sent(self, use: Use, told: Told) -> str:
        found = self._store.read_one(lambda tx: media.content(tx, self._account, use))
        name, content = found or ("", b"")
        mimetype = MIMETYPES.get(format_of(content), "application/octet-stream")
        answer = self._client.upload(
            "/cgi-bin/media/upload", {"type": use.kind}, Upload(name, content, mimetype, told)
        )
        media_id = answer.get("media_id") or answer.get("thumb_media_id")
        if not isinstance(media_id, str) or not media_id.isascii() or not 0 < len(media_id) <= _LONGEST_ID:
            raise Unanswered("an answer without a media_id", delivered_maybe=False)
        return media_id


class _ToFile:
    """A sink: into a file what is none of the platform's own answers, which are JSON."""

    def __init__(self, file: BinaryIO, most: int, told: Told) -> None:
        self.content_type = ""
        self._file, self._most, self._told = file, most, told
        self._size, self._done, self._json = 0, 0, bytearray()

    @property
    def _is_answer(self) -> bool:
        return self.content_type.split(";")[0].strip().lower() in ("application/json", "text/plain", "text/html")

    def begin(self, content_type: str, size: int) -> None:
        """Begin anew: a second call brings the whole once more."""
        self.content_type, self._size, self._done = content_type, size, 0
        self._json.clear()
        self._file.seek(0)
        self._file.truncate()
        if not self._is_answer and size > self._most:
            raise TooLarge(f"it has {size:,} bytes, and {self._most:,} are allowed")

    def take(self, piece: bytes) -> None:
        """Write a piece; raises TooLarge once there are more than allowed."""
        self._done += len(piece)
        if self._is_answer:
            self._json += piece[: _ERROR - len(self._json)]
            return
        if self._done > self._most:
            raise TooLarge(f"it has more than the {self._most:,} bytes that are allowed")
        try:
            self._file.write(piece)
        except OSError as exc:
            raise WxbotError(f"{self._file.name} cannot be written: {exc.strerror}") from None
        self._told(self._done, self._size)

    def answer(self) -> dict[str, Any]:
        """Return the platform's answer when it was one; raises Unanswered for one that cannot be read."""
        if not self._is_answer:
            if not self._done:
                raise Unanswered("an empty file", delivered_maybe=False)
            return {}
        try:
            value = json.loads(bytes(self._json))
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise Unanswered(f"{self.content_type} that is neither a file nor JSON", delivered_maybe=False)
        if "errcode" not in value:
            link = value.get("video_url") or value.get("down_url")
            raise Unanswered(
                f"no file but a link: {link}" if link else "JSON without errcode", delivered_maybe=False
            )
        return value
