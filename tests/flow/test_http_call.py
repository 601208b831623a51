"""A call's deadline, where it ends before the bytes have left."""

import io
import socket
import time
from typing import Any

import pytest
import requests

from wxbot.errors import Unanswered
from wxbot.platform.http_call import HttpCaller

LIMIT = 0.05  # seconds
END = b"the end of the body"


def outlast() -> None:
    """Be away for longer than the call may last, as a process that is stopped."""
    end = time.monotonic() + 2 * LIMIT
    while time.monotonic() < end:
        pass


class Before(requests.auth.AuthBase):
    """Is away while the request is prepared."""

    def __call__(self, request: Any) -> Any:
        outlast()
        return request


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
    "away", [{"auth": Before(), "data": END}, {"data": Amid(END)}], ids=["before it", "amid it"]
)
def test_a_call_that_is_out_of_time_before_it_has_left_leaves_no_more(away: dict[str, Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as platform:
        url = f"http://127.0.0.1:{platform.getsockname()[1]}/"
        with pytest.raises(Unanswered) as told:
            HttpCaller(LIMIT).answer(requests.Request("POST", url, **away))

        assert not told.value.delivered_maybe
        assert END not in arrived(platform)
