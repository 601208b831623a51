"""One HTTP call with a real deadline: status and body, or what is known about why nothing came back.

By urllib3 itself: a `requests` session above it costs as much CPU again. No library retries, no redirects, no
proxies or .netrc from the environment, no compression, an answer of at most 64 KiB. No URL reaches an exception's
text, since it may carry a secret.
"""

import http.client
import io
import math
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO, Any, Protocol, cast

import certifi
from urllib3 import BaseHTTPResponse, PoolManager, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url

from wxbot.errors import Unanswered

MAX_ANSWER = 64 * 1024  # bytes
CONNECT_TIMEOUT = 3.0  # seconds
HEADERS = {
    "Content-Type": "application/json; charset=utf-8",
    "Accept-Encoding": "identity",
    "User-Agent": "wxbot",
}
_call = threading.local()  # of the call this thread makes: its `end` on the monotonic clock, whether it `has_left`


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
    """Lets no byte go once the call is out of time: a process that was stopped may have lost what it sends for.

    What is all in memory leaves in one piece: each more wakes the other side in vain, and costs a tenth of a call.
    """

    _pieces: list[bytes] | None = None

    def request(self: Any, method: str, url: str, body: Any = None, *args: Any, **more: Any) -> None:
        if not isinstance(body, bytes | None):
            super().request(method, url, body, *args, **more)  # type: ignore[misc]
            return
        self._pieces = []
        try:
            super().request(method, url, body, *args, **more)  # type: ignore[misc]
            whole = b"".join(self._pieces)
        finally:
            self._pieces = None
        self.send(whole)

    def send(self: Any, data: Any) -> None:
        if self._pieces is not None:
            self._pieces.append(data)
            return
        if self.sock is None:
            self.connect()  # before the look at the time: it may take long
        if time.monotonic() >= _call.end:
            raise _NotSent
        _call.has_left = True
        super().send(data)  # type: ignore[misc]  # of the connection this is mixed into


class _Connection(_InTime, HTTPConnection):
    response_class = _Response


class _SecureConnection(_InTime, HTTPSConnection):
    response_class = _Response


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked; a body that is a file needs its Content-Length among the headers."""

    method: str
    url: str
    body: bytes | IO[bytes] | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: HEADERS)


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
    """Makes calls; one pool of connections a thread, made in that thread."""

    def __init__(self, limit: float) -> None:
        """`limit` is the seconds a whole call may last."""
        self._limit = limit
        self._options = [*HTTPConnection.default_socket_options, *_given_up_after(limit)]
        self._timeout = Timeout(connect=CONNECT_TIMEOUT, read=limit)
        self._local = threading.local()

    def answer(self, request: Request, most: int = MAX_ANSWER) -> tuple[int, bytes]:
        """Return the status and the body; raises Unanswered when they did not come whole and in time.

        Of a body longer than `most` bytes one byte more is read, to tell it by.
        """
        with self._asked(request) as response:
            return response.status, response.read(most + 1, decode_content=False)

    def stream(self, request: Request, sink: Sink) -> int:
        """Give the sink an answer's Content-Type and its body, piece by piece; return the status.

        Raises Unanswered as `answer` does, and what the sink raises.
        """
        with self._asked(request) as response:
            length = response.headers.get("Content-Length", "")
            sink.begin(response.headers.get("Content-Type", ""), int(length) if length.isdecimal() else 0)
            while piece := response.read(MAX_ANSWER, decode_content=False):
                sink.take(piece)
            return response.status

    @contextmanager
    def _asked(self, request: Request) -> Iterator[BaseHTTPResponse]:
        """Give the answer, whose body is read in the block; an error tells whether the request may have left."""
        _call.end = min(time.monotonic() + self._limit, getattr(_call, "latest", math.inf))
        _call.has_left = False
        if _call.end <= time.monotonic():
            raise Unanswered("no time was left for it", delivered_maybe=False)
        response = None
        try:
            origin, target = _split(request.url)
            response = self._pool(origin).urlopen(
                request.method,
                target,
                body=request.body,
                headers=request.headers,
                timeout=self._timeout,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            yield response
        except _NotSent:
            raise Unanswered("no time was left to send it", delivered_maybe=False) from None
        except (HTTPError, http.client.HTTPException, OSError, ValueError) as exc:
            # Only the kind of the error: its text holds the URL, and so perhaps a secret.
            raise Unanswered(type(exc).__name__, delivered_maybe=_has_left()) from None
        finally:
            if response is not None:
                response.close()

    def _pool(self, origin: str) -> HTTPConnectionPool:
        """Return this thread's connections to an origin: kept until it calls another."""
        kept: HTTPConnectionPool | None = getattr(self._local, "pool", None)
        if kept is None or self._local.origin != origin:
            kept = self._local.pool = self._pools().connection_from_url(origin)
            self._local.origin = origin
        return kept

    def _pools(self) -> PoolManager:
        pools: PoolManager | None = getattr(self._local, "pools", None)
        if pools is None:
            pools = self._local.pools = PoolManager(
                1,
                maxsize=1,
                cert_reqs="CERT_REQUIRED",
                ca_certs=certifi.where(),
                socket_options=self._options,
            )
            pools.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        return pools


@lru_cache(64)  # the same few for as long as an access_token lives
def _split(url: str) -> tuple[str, str]:
    """Return a URL's scheme and host, and what to ask there; raises ValueError."""
    whole = parse_url(url)
    return whole._replace(auth=None, path=None, query=None, fragment=None).url, whole.request_uri


def _given_up_after(limit: float) -> list[tuple[int, int, int]]:
    """Return what lets the kernel drop what nobody took in so many seconds, also of a closed connection.

    Else it goes on trying for minutes, and a message arrives behind those that were sent after it.
    """
    if not hasattr(socket, "TCP_USER_TIMEOUT"):
        return []
    return [(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, math.ceil(limit * 1000))]


def _has_left() -> bool:
    """Return whether a byte of this thread's request was given to a connection: it may have been acted on."""
    return bool(_call.has_left)
