"""A call's deadline, where it ends before the bytes have left."""

import io
import socket
import threading
import time
from contextlib import suppress
from typing import Any

import pytest

from wxbot.errors import Unanswered
from wxbot.platform.http_call import HttpCaller, Request

LIMIT = 0.05  # seconds
END = b"the end of the body"


def outlast() -> None:
    """Be away for longer than the call may last, as a process that is stopped."""
    end = time.monotonic() + 2 * LIMIT
    while time.monotonic() < end:
        pass


class Before(dict[str, str]):
    """Headers: is away while the request is made ready."""

    def copy(self) -> dict[str, str]:
        outlast()
        return dict(self)


class Amid(io.BytesIO):
    """Is away between the head and the body."""

    def read(self, size: int | None = -1) -> bytes:
        outlast()
        return super().read(size)


def arrived(platform: socket.socket) -> bytes:
    """Return all that reached a listening socket."""
    platform.setblocking(False)
    try:
        connection, _ = platform.accept()
    except BlockingIOError:
        return b""
    with connection:
        connection.setblocking(True)
        return b"".join(iter(lambda: connection.recv(4096), b""))


@pytest.mark.parametrize(
    "away",
    [{"headers": Before(A="b"), "body": END}, {"headers": {"Content-Length": str(len(END))}, "body": Amid(END)}],
    ids=["before it", "amid it"],
)
def test_a_call_that_is_out_of_time_before_it_has_left_leaves_no_more(away: dict[str, Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as platform:
        url = f"http://127.0.0.1:{platform.getsockname()[1]}/"
        with pytest.raises(Unanswered) as told:
            HttpCaller(LIMIT).answer(Request("POST", url, **away))

        assert not told.value.delivered_maybe
        assert END not in arrived(platform)


def hang_up(platform: socket.socket, said: bytes) -> None:
    """Say something to who connects, whatever they want."""
    with platform.accept()[0] as connection:
        connection.recv(4096)
        connection.sendall(said)


def test_a_request_in_memory_leaves_in_one_piece() -> None:
    first: list[bytes] = []

    def answer(platform: socket.socket) -> None:
        with platform.accept()[0] as connection:
            first.append(connection.recv(4096))
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as platform:
        thread = threading.Thread(target=answer, args=(platform,))
        thread.start()
        url = f"http://127.0.0.1:{platform.getsockname()[1]}/"
        assert HttpCaller(10.0).answer(Request("POST", url, END)) == (200, b"")
        thread.join()
    assert first[0].endswith(END)


def test_a_call_that_was_never_connected_or_whose_handshake_failed_has_not_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as platform:
        port = platform.getsockname()[1]
        thread = threading.Thread(target=hang_up, args=(platform, b"HTTP/1.1 400 no TLS here\r\n\r\n"))
        thread.start()
        for url in (f"https://127.0.0.1:{port}/", "http://127.0.0.1:1/"):
            with pytest.raises(Unanswered) as told:
                HttpCaller(2.0).answer(Request("POST", url, END))
            assert not told.value.delivered_maybe
        thread.join()


def test_a_call_whose_answer_never_came_may_have_arrived() -> None:
    with socket.create_server(("127.0.0.1", 0)) as platform:
        thread = threading.Thread(target=hang_up, args=(platform, b""))
        thread.start()
        with pytest.raises(Unanswered) as told:
            HttpCaller(2.0).answer(Request("POST", f"http://127.0.0.1:{platform.getsockname()[1]}/", END))
        thread.join()

        assert told.value.delivered_maybe


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the kernel cannot be told")
def test_what_nobody_took_in_time_does_not_arrive_after_the_call_is_over() -> None:
    body = b"x" * 300_000
    with socket.socket() as platform:
        platform.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # so the rest waits in the caller's kernel
        platform.bind(("127.0.0.1", 0))
        platform.listen()
        with pytest.raises(Unanswered) as told:
            HttpCaller(0.2).answer(Request("POST", f"http://127.0.0.1:{platform.getsockname()[1]}/", body))
        time.sleep(1.0)  # the kernel looks after its timer at intervals of its own

        assert told.value.delivered_maybe
        assert count(platform) < len(body)


def count(platform: socket.socket) -> int:
    """Return how many bytes reach a listening socket until its connection ends."""
    connection, _ = platform.accept()
    with connection, suppress(ConnectionResetError):
        read = 0
        while piece := connection.recv(65_536):
            read += len(piece)
        return read
    return 0


def test_a_connection_is_used_again_and_one_that_was_closed_meanwhile_is_not() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    made: list[socket.socket] = []

    def serve(platform: socket.socket) -> None:
        for answers in (2, 1):
            connection = platform.accept()[0]
            made.append(connection)
            for _ in range(answers):
                connection.recv(4096)
                connection.sendall(answer)
            connection.close()

    with socket.create_server(("127.0.0.1", 0)) as platform:
        thread = threading.Thread(target=serve, args=(platform,))
        thread.start()
        caller, url = HttpCaller(5.0), f"http://127.0.0.1:{platform.getsockname()[1]}/"
        told = [caller.answer(Request("GET", url)) for _ in range(2)]
        while made[0].fileno() != -1:
            time.sleep(0.001)
        told.append(caller.answer(Request("GET", url)))
        thread.join()

    assert told == [(200, b"{}")] * 3
    assert len(made) == 2
