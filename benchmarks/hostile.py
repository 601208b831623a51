"""Clients that mean no good: a byte a second in the headers or in the body, and answers that nobody reads.

Run in one thread each crowd; a socket that is closed on us is opened again. Each client has an address of
its own on loopback, as clients of the open network have.
"""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count

_EVERY = 1.0  # seconds between two bytes
_HEAD = b"POST /wechat HTTP/1.1\r\nHost: wxbot\r\n"
_BODY = _HEAD + b"Content-Type: text/xml\r\nContent-Length: 4000\r\n\r\n"
_ASK = b"GET /wechat HTTP/1.1\r\nHost: wxbot\r\n\r\n" * 200  # answers to more than anybody reads
KINDS: Mapping[str, tuple[bytes, bytes]] = {  # what each sends at once, and then byte by byte
    "headers": (_HEAD, b"X"),
    "body": (_BODY, b"<"),
    "unread": (_ASK, b""),
}


@dataclass
class Crowd:
    """So many clients of all kinds in turn, against one port."""

    port: int
    size: int
    connected: int = 0
    opened: int = 0
    full: threading.Event = field(default_factory=threading.Event)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _numbers: "count[int]" = field(default_factory=count)

    def run(self) -> None:
        """Keep all of them there until `stop`."""
        clients: list[tuple[socket.socket, bytes]] = []
        while not self._stopped.is_set():
            clients = [one for one in clients if _goes_on(*one)]
            clients += [self._new() for _ in range(self.size - len(clients))]
            self.connected = len(clients)
            self.full.set()
            self._stopped.wait(_EVERY)
        for one, _ in clients:
            one.close()

    def stop(self) -> None:
        """Let all of them go."""
        self._stopped.set()

    def _new(self) -> tuple[socket.socket, bytes]:
        number = next(self._numbers)
        first, then = list(KINDS.values())[number % len(KINDS)]
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        one.bind((f"127.1.{number // 200 % 200}.{1 + number % 200}", 0))
        one.settimeout(0.2)
        with suppress(OSError):
            one.connect(("127.0.0.1", self.port))
            one.setblocking(False)
            one.send(first)
        self.opened += 1
        return one, then


def _goes_on(one: socket.socket, byte: bytes) -> bool:
    """Send another byte; False, and closed, when the other side has hung up."""
    try:
        if byte and one.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"":
            raise ConnectionResetError
    except BlockingIOError:
        pass
    except OSError:
        one.close()
        return False
    try:
        one.send(byte or b"\n")
    except BlockingIOError:
        return True
    except OSError:
        one.close()
        return False
    return True


@contextmanager
def crowd(port: int, size: int) -> Iterator[Crowd]:
    """Keep a crowd there while the block runs; it is complete when the block begins."""
    there = Crowd(port, size)
    thread = threading.Thread(target=there.run)
    thread.start()
    there.full.wait()
    try:
        yield there
    finally:
        there.stop()
        thread.join()
