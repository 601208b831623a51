"""One HTTP call with a real deadline: status and body, or what is known about why nothing came back.

No library retries, no redirects, no proxies or .netrc from the environment, no compression, an
answer of at most 64 KiB. No URL reaches an exception's text, since it may carry a secret.
"""

import http.client
import io
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, MaxRetryError, NameResolutionError, NewConnectionError

from wxbot.errors import Unanswered

MAX_ANSWER = 64 * 1024  # bytes
CONNECT_TIMEOUT = 3.0  # seconds
HEADERS = {
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


class _NotSent(Exception):
    """The call was out of time before its last byte left: whoever reads a part of a request acts on nothing."""


class _InTime:
    """Lets no byte go once the call is out of time: a process that was stopped may have lost what it sends for."""

    def send(self, data: Any) -> None:
        if time.monotonic() >= _call.end:
            raise _NotSent
        super().send(data)  # type: ignore[misc]  # of the connection this is mixed into


class _Connection(_InTime, HTTPConnection):
    response_class = _Response


class _SecureConnection(_InTime, HTTPSConnection):
    response_class = _Response


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let all calls of this thread in the block, to wherever, end within so many seconds."""
    _call.latest = time.monotonic() + seconds
    try:
        yield
    finally:
        _call.latest = math.inf


class Sink(Protocol):
    """Takes an answer that is too large for memory."""

    def begin(self, content_type: str, size: int) -> None:
        """Hear of what comes; `size` in bytes is 0 when it is not told."""
        ...

    def take(self, piece: bytes) -> None:
        """Take the next piece."""
        ...


class HttpCaller:
    """Makes calls; one `requests` session a thread, made in that thread."""

    def __init__(self, limit: float) -> None:
        """`limit` is the seconds a whole call may last."""
        self._limit = limit
        self._local = threading.local()

    def answer(self, request: requests.Request, most: int = MAX_ANSWER) -> tuple[int, bytes]:
        """Return the status and the body; raises Unanswered when they did not come whole and in time.

        Of a body longer than `most` bytes one byte more is read, to tell it by.
        """
        end = min(time.monotonic() + self._limit, getattr(_call, "latest", math.inf))
        if end <= time.monotonic():
            raise Unanswered("no time was left for it", delivered_maybe=False)
        _call.end = end
        try:
            with self._session().send(
                request.prepare(), stream=True, timeout=(CONNECT_TIMEOUT, self._limit), allow_redirects=False
            ) as response:
                return response.status_code, response.raw.read(most + 1, decode_content=False)
        except _NotSent:
            raise Unanswered("no time was left to send it", delivered_maybe=False) from None
        except (requests.RequestException, HTTPError, OSError, http.client.HTTPException) as exc:
            # Only the kind of the error: its text holds the URL, and so perhaps a secret.
            raise Unanswered(type(exc).__name__, delivered_maybe=not _never_left(exc)) from None

    def stream(self, request: requests.Request, sink: Sink) -> int:
        """Give the sink an answer's Content-Type and its body, piece by piece; return the status.

        Raises Unanswered as `answer` does, and what the sink raises.
        """
        _call.end = time.monotonic() + self._limit
        try:
            with self._session().send(
                request.prepare(), stream=True, timeout=(CONNECT_TIMEOUT, self._limit), allow_redirects=False
            ) as response:
                length = response.headers.get("Content-Length", "")
                sink.begin(response.headers.get("Content-Type", ""), int(length) if length.isdecimal() else 0)
                while piece := response.raw.read(MAX_ANSWER, decode_content=False):
                    sink.take(piece)
                return response.status_code
        except _NotSent:
            raise Unanswered("no time was left to send it", delivered_maybe=False) from None
        except (requests.RequestException, HTTPError, http.client.HTTPException, TimeoutError) as exc:
            raise Unanswered(type(exc).__name__, delivered_maybe=False) from None

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
