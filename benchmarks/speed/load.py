"""Pushes over many connections at once: each connection sends its next push when the one before is answered."""

import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from wxbot.protocol.signature import sign

_TOKEN = "Wechat4go"
_PATIENCE = 5.0  # seconds: the platform's


@dataclass
class Answers:
    """How long each answered push took, in seconds, and how many got none that the platform would take."""

    took: list[float] = field(default_factory=list)
    unanswered: int = 0

    def at(self, share: float) -> float:
        """Return the time within which this share was answered."""
        ordered = sorted(self.took)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("inf")


def pushes(first: int, users: int = 200_000) -> Iterator[bytes]:
    """Yield requests without end, each signed and of its own: a text from one of many users."""
    number = first
    while True:
        number += 1
        stamp, nonce = str(int(time.time())), str(number)
        openid = f"oLoad{number * 7919 % users:010d}"
        body = (
            f"<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>"
            f"<CreateTime>{stamp}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
            f"<Content><![CDATA[CA1501]]></Content><MsgId>{number}</MsgId></xml>"
        ).encode()
        query = f"signature={sign(_TOKEN, stamp, nonce)}&timestamp={stamp}&nonce={nonce}&openid={openid}"
        lines = [
            f"POST /wechat?{query} HTTP/1.1",
            "Host: x",
            "Content-Type: text/xml",
            f"Content-Length: {len(body)}",
        ]
        yield "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class _Connection:
    socket: socket.socket
    began: float
    answer: bytes = b""


def load(port: int, *, connections: int, seconds: float, first: int) -> Answers:
    """Send pushes to a port of this machine for so long; return what came back."""
    requests, answers = pushes(first), Answers()
    selector = selectors.DefaultSelector()
    end = time.perf_counter() + seconds
    for _ in range(connections):
        _begin(selector, _connect(port), next(requests))
    open_ones = connections
    while open_ones:
        for key, _ in selector.select(0.2):
            one: _Connection = key.data
            done = _read(one, answers)
            if done is None:
                continue
            selector.unregister(one.socket)
            if time.perf_counter() < end:
                _begin(selector, one.socket if done else _again(one, port), next(requests))
            else:
                one.socket.close()
                open_ones -= 1
        if time.perf_counter() > end + _PATIENCE:
            answers.unanswered += open_ones
            break
    selector.close()
    return answers


def _connect(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def _again(one: _Connection, port: int) -> socket.socket:
    one.socket.close()
    return _connect(port)


def _begin(selector: selectors.BaseSelector, on: socket.socket, request: bytes) -> None:
    on.sendall(request)
    selector.register(on, selectors.EVENT_READ, _Connection(on, time.perf_counter()))


def _read(one: _Connection, answers: Answers) -> bool | None:
    """Return whether the connection can be used again once the answer is whole, None while it is not."""
    try:
        data = one.socket.recv(65536)
    except OSError:
        data = b""
    one.answer += data
    head, _, body = one.answer.partition(b"\r\n\r\n")
    if data and (b"\r\n\r\n" not in one.answer or len(body) < _length(head)):
        return None
    if head.startswith(b"HTTP/1.1 200") and b"CA1501 14:05" in body:
        answers.took.append(time.perf_counter() - one.began)
    else:
        answers.unanswered += 1
    return bool(data) and b"connection: close" not in head.lower()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0
