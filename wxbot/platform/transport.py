"""One HTTP call with a real deadline: what came back, or what is known about why nothing did.

No library retries, no redirects, no proxies or .netrc from the environment, no compression, an
answer of at most 64 KiB. No URL reaches an exception's text, since it may carry the access_token.
"""

import http.client
import io
import json
import math
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, MaxRetryError, NameResolutionError, NewConnectionError

from wxbot.errors import Unanswered

MAX_ANSWER = 64 * 1024  # bytes
CONNECT_TIMEOUT = 3.0  # seconds
_HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "Accept-Encoding": "identity",
    "User-Agent": "wxbot",
}
_call = threading.local()  # `end` of the call this thread makes, on the monotonic clock


class _DeadlineReader(io.RawIOBase):
    """Reads from a socket until the whole call is out of time.

    The library's own timeout starts anew with each read, so a server that drips bytes holds a
    call for ever (6 s were seen with a timeout of 1 s).
    """

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)  # keeps the socket open when the connection lets go of it

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = _call.end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the call is out of time")
        self._sock.settimeout(left)
        return cast(int, self._raw.readinto(buffer))

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Socket:
    """The one thing a response asks of its socket."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_DeadlineReader(self._sock))


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(cast(Any, _Socket(sock)), *args, **kwargs)


class _Connection(HTTPConnection):
    response_class = _Response


class _SecureConnection(HTTPSConnection):
    response_class = _Response


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


class Transport:
    """Calls to one platform address; one `requests` session a thread, made in that thread."""

    def __init__(self, api_base: str, *, limit: float = 8.0) -> None:
        """Take the platform's address, and the seconds a whole call may last."""
        self._base, self.limit = api_base.rstrip("/"), limit
        self._local = threading.local()

    def post(self, path: str, query: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """POST JSON and return the answer's object, whatever its errcode; raises Unanswered."""
        return _object(*self._send("POST", path, query, body, MAX_ANSWER))

    def get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """GET and return the answer's object, whatever its errcode; raises Unanswered."""
        return _object(*self._send("GET", path, query, None, MAX_ANSWER))

    def fetch(self, path: str, query: Mapping[str, str], most: int) -> bytes:
        """GET and return the answer's bytes as they are, at most so many; raises Unanswered."""
        return _whole(*self._send("GET", path, query, None, most), most)

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Let all calls of this thread in the block, also other Transports', end within so many seconds."""
        _call.latest = time.monotonic() + seconds
        try:
            yield
        finally:
            _call.latest = math.inf

    def _send(
        self, method: str, path: str, query: Mapping[str, str], body: bytes | None, most: int
    ) -> tuple[int, bytes]:
        """Return the status and the answer's bytes, one more than `most` when there are more."""
        end = min(time.monotonic() + self.limit, getattr(_call, "latest", math.inf))
        if end <= time.monotonic():
            raise Unanswered("no time was left for it", delivered_maybe=False)
        request = requests.Request(method, self._base + path, params=dict(query), data=body, headers=_HEADERS)
        _call.end = end
        try:
            with self._session().send(
                request.prepare(), stream=True, timeout=(CONNECT_TIMEOUT, self.limit), allow_redirects=False
            ) as response:
                return response.status_code, response.raw.read(most + 1, decode_content=False)
        except (requests.RequestException, HTTPError, OSError, http.client.HTTPException) as exc:
            # Only the kind of the error: its text holds the URL, and so the access_token.
            raise Unanswered(type(exc).__name__, delivered_maybe=not _never_left(exc)) from None

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.trust_env = False
            session.mount("http://", _Adapter(pool_connections=1, pool_maxsize=1))
            session.mount("https://", _Adapter(pool_connections=1, pool_maxsize=1))
        return session


def _never_left(exc: Exception) -> bool:
    """Return whether the request cannot have reached the platform: no connection was ever made."""
    if isinstance(exc, requests.exceptions.SSLError | requests.exceptions.ConnectTimeout):
        return True
    cause = exc.args[0] if exc.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, NewConnectionError | NameResolutionError)


def _whole(status: int, answer: bytes, most: int) -> bytes:
    if status != 200:
        raise Unanswered(f"HTTP {status}", delivered_maybe=True)
    if len(answer) > most:
        raise Unanswered(f"an answer of more than {most} bytes", delivered_maybe=True)
    return answer


def _object(status: int, answer: bytes) -> dict[str, Any]:
    try:
        value = json.loads(_whole(status, answer, MAX_ANSWER))
    except (ValueError, RecursionError):
        raise Unanswered(f"{len(answer)} bytes that are not JSON", delivered_maybe=True) from None
    if not isinstance(value, dict):
        raise Unanswered("JSON that is not an object", delivered_maybe=True)
    return value
