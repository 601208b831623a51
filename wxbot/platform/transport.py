"""Calls to one platform address: the object that came back, or what is known about why none did."""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from urllib3.filepost import encode_multipart_formdata

from wxbot.errors import Unanswered
from wxbot.platform.http_call import HEADERS, MAX_ANSWER, HttpCaller, Request, Sink


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way; `told` hears how many bytes of how many are gone."""

    name: str
    content: bytes
    mimetype: str
    told: Callable[[int, int], None] = lambda done, total: None


class _Told(io.BytesIO):
    """A body that tells how much of it was read."""

    def __init__(self, body: bytes, told: Callable[[int, int], None]) -> None:
        super().__init__(body)
        self._size, self._told = len(body), told

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self._told(self.tell(), self._size)
        return piece


class Transport:
    """Calls to one platform address. Thread-safe."""

    def __init__(self, api_base: str, *, limit: float = 8.0) -> None:
        """Take the platform's address, and the seconds a whole call may last."""
        self._base, self.limit = api_base.rstrip("/"), limit
        self._caller = HttpCaller(limit)

    def post(self, path: str, query: Mapping[str, str], body: bytes, most: int = MAX_ANSWER) -> dict[str, Any]:
        """POST JSON and return the answer's object, whatever its errcode; raises Unanswered.

        An answer of more than `most` bytes is none.
        """
        return _object(*self._send("POST", path, query, body, most), most)

    def get(self, path: str, query: Mapping[str, str], most: int = MAX_ANSWER) -> dict[str, Any]:
        """GET and return the answer's object, whatever its errcode; raises Unanswered as `post` does."""
        return _object(*self._send("GET", path, query, None, most), most)

    def fetch(self, path: str, query: Mapping[str, str], most: int) -> bytes:
        """GET and return the answer's bytes as they are, at most so many; raises Unanswered."""
        return _whole(*self._send("GET", path, query, None, most), most)

    def upload(self, path: str, query: Mapping[str, str], file: Upload) -> dict[str, Any]:
        """POST a file as the form field `media` and return the answer's object; raises Unanswered."""
        body, content_type = encode_multipart_formdata({"media": (file.name, file.content, file.mimetype)})
        headers = {**HEADERS, "Content-Type": content_type, "Content-Length": str(len(body))}
        request = Request("POST", self._url(path, query), _Told(body, file.told), headers)
        return _object(*self._caller.answer(request), MAX_ANSWER)

    def stream(self, path: str, query: Mapping[str, str], sink: Sink) -> None:
        """GET what may be large, into a sink; raises Unanswered."""
        status = self._caller.stream(Request("GET", self._url(path, query)), sink)
        if status != 200:
            raise Unanswered(f"HTTP {status}", delivered_maybe=False)

    def _send(
        self, method: str, path: str, query: Mapping[str, str], body: bytes | None, most: int
    ) -> tuple[int, bytes]:
        return self._caller.answer(Request(method, self._url(path, query), body), most)

    def _url(self, path: str, query: Mapping[str, str]) -> str:
        return f"{self._base}{path}?{urlencode(query)}"


def _whole(status: int, answer: bytes, most: int) -> bytes:
    if status != 200:
        raise Unanswered(f"HTTP {status}", delivered_maybe=True)
    if len(answer) > most:
        raise Unanswered(f"an answer of more than {most} bytes", delivered_maybe=True)
    return answer


def _object(status: int, answer: bytes, most: int) -> dict[str, Any]:
    try:
        value = json.loads(_whole(status, answer, most))
    except (ValueError, RecursionError):
        raise Unanswered(f"{len(answer)} bytes that are not JSON", delivered_maybe=True) from None
    if not isinstance(value, dict):
        raise Unanswered("JSON that is not an object", delivered_maybe=True)
    return value
