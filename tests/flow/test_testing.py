"""What `wxbot.testing` gives to the tests of a bot."""

import socket
import struct
import time
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from flow.stage import PATIENCE
from wxbot import Bot, Context, after
from wxbot.protocol.events import SubscribeEvent
from wxbot.testing import served, staged


@pytest.fixture
def bot() -> Bot:
    bot = Bot()

    @bot.subscribe
    def welcome(event: SubscribeEvent) -> str:
        return f"welcome {event.scene}"

    @bot.click("HELP")
    def help() -> str:
        return "help"

    @bot.text("plan")
    def plan(ctx: Context) -> str:
        ctx.follow_up("in an hour", at=after(hours=1))
        ctx.follow_up("in three days", at=after(days=3))
        return "planned"

    return bot


@pytest.mark.parametrize("mode", ["plain", "compat", "safe"])
def test_what_a_user_does_is_answered_in_every_mode(bot: Bot, mode: str) -> None:
    with staged(bot, mode=mode) as stage:  # type: ignore[arg-type]  # one of three
        user = stage.user()

        assert user.follows("poster") == "welcome poster"
        assert user.taps("HELP") == "help"
        assert user.says("nothing for this") is None


def test_the_clock_stops_where_something_is_due_and_goes_on(bot: Bot) -> None:
    with staged(bot) as stage:
        user = stage.user()
        user.says("plan")

        stage.advance(minutes=59)
        assert user.shown == ["planned"]
        stage.advance(minutes=1)
        assert user.shown == ["planned", "in an hour"]
        stage.advance(days=4)
        assert user.shown[2:] == []  # the window is closed: it is held
        assert user.says("hello") == "in three days"


def test_a_failure_notice_fails_the_test_of_a_bot(bot: Bot) -> None:
    with staged(bot) as stage:
        user = stage.user()
        stage.store.close()
        with pytest.raises(ValueError, match="no such kind"):
            user.does("no such kind")


class Pieces:
    """An answer that notes when one of its kind is closed."""

    closed: ClassVar[list[object]] = []

    def __iter__(self) -> Iterator[bytes]:
        return iter([b"x"])

    def close(self) -> None:
        Pieces.closed.append(self)  # += of many threads would lose one


def test_an_answer_is_closed_also_when_the_client_hangs_up_in_the_middle() -> None:
    def app(_: Any, start_response: Any) -> Pieces:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Pieces()

    Pieces.closed.clear()
    with served(app) as url:
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as client:
                client.sendall(b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n")
                client.recv(1)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset, at once

        end = time.monotonic() + PATIENCE
        while len(Pieces.closed) < 20 and time.monotonic() < end:
            time.sleep(0.01)  # the server's threads hear of it by themselves
    assert len(Pieces.closed) == 20
