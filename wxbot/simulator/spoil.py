"""How each fault's answer looks on the wire. Which calls meet one is decided in `faults`."""

import errno
import functools
import gzip
import json
import os
import select
import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator

from flask import Request, Response

from wxbot.simulator.errcodes import refusal
from wxbot.simulator.faults import Fault

_LONGEST_HANG = 60.0  # seconds
_HUGE = 10 * 1024 * 1024  # bytes
_BOMB = 128 * 1024 * 1024  # bytes once unpacked
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)

_GATEWAY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_HTML_PAGE = "<!DOCTYPE html><html><head><title>系统维护</title></head><body>系统维护中</body></html>"


def spoilt(fault: Fault, answer: Response, request: Request, now: float) -> Response:
    """Return what the caller gets in place of `answer`; `now` is simulated Unix seconds."""
    connection = _connection(request)
    effects: dict[str, Callable[[], Response]] = {
        "errcode": lambda: _json(json.dumps(refusal(fault.errcode, now)).encode()),
        "hang": lambda: Response(_when_read(lambda: _hang(connection, fault.seconds or _LONGEST_HANG))),
        "reset": lambda: Response(_when_read(lambda: _reset(connection))),
        "http502": lambda: Response(_GATEWAY_PAGE, 502, content_type="text/html"),
        "html": lambda: Response(_HTML_PAGE, content_type="text/html; charset=utf-8"),
        "empty": lambda: Response(b"", content_type="application/json"),
        "nothing": lambda: _json(b"{}"),
        "huge": lambda: _json(_huge()),
        "gzip_bomb": lambda: _packed(_bomb()),
        "delay": lambda: _json(_later(answer.get_data(), fault.seconds)),
        "truncated": lambda: _declared(answer.get_data(), _half(answer.get_data())),
        "drip": lambda: _declared(answer.get_data(), _drip(answer.get_data())),
        "charset": lambda: _json(answer.get_data().decode().encode("utf-16")),
    }
    return effects[fault.effect]() if fault.effect in effects else answer


def _json(body: bytes | Iterable[bytes]) -> Response:
    return Response(body, content_type="application/json; encoding=utf-8")


def _declared(full: bytes, body: Iterable[bytes]) -> Response:
    response = _json(body)
    response.content_length = len(full)
    return response


def _packed(body: bytes) -> Response:
    response = _json(body)
    response.headers["Content-Encoding"] = "gzip"
    return response


def _connection(request: Request) -> socket.socket | None:
    """Return the caller's socket, where the server shows it (gunicorn and werkzeug do)."""
    found = request.environ.get("gunicorn.socket") or request.environ.get("werkzeug.socket")
    return found if isinstance(found, socket.socket) else None


def _drop() -> ConnectionResetError:
    """Return the error that makes both servers close a connection quietly, without an answer."""
    return ConnectionResetError(errno.ECONNRESET, "a fault dropped this connection")


def _when_read(drop: Callable[[], bytes]) -> Iterator[bytes]:
    """Return a body whose first read, made by the server and outside Flask, calls `drop`."""
    return iter(drop, b"")


def _hang(connection: socket.socket | None, seconds: float) -> bytes:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not _has_left(connection):
        time.sleep(0.05)
    raise _drop()


def _is_readable(connection: socket.socket) -> bool:
    poll = select.poll()  # select knows no file above 1023
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def _has_left(connection: socket.socket | None) -> bool:
    if connection is None or not _is_readable(connection):
        return False
    try:
        return not connection.recv(1, socket.MSG_PEEK)
    except OSError:
        return True


def _reset(connection: socket.socket | None) -> bytes:
    """Close the TCP connection under the server's feet, so that the caller gets RST and not FIN.

    The server would say goodbye politely first; a dead socket in its place takes that instead.
    """
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        stand_in, other_end = socket.socketpair()
        with stand_in, other_end:
            os.dup2(stand_in.fileno(), connection.fileno())
    raise _drop()


def _later(body: bytes, seconds: float) -> Iterator[bytes]:
    time.sleep(seconds)
    yield body


def _half(body: bytes) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    raise _drop()


def _drip(body: bytes) -> Iterator[bytes]:
    for place in range(len(body)):
        yield body[place : place + 1]
        time.sleep(1)


def _huge() -> Iterator[bytes]:
    yield b'{"errcode":0,"errmsg":"'
    for _ in range(_HUGE // 65_536):
        yield b"o" * 65_536
    yield b'"}'


@functools.cache
def _bomb() -> bytes:
    return gzip.compress(b'{"errcode":0,"errmsg":"' + b"o" * _BOMB + b'"}', compresslevel=1)
