"""What a push costs between its bytes and its reply, without a store: verify, open, read, route, render.

Run under callgrind by `benchmarks.speed.instructions`, which counts only what is between the two switches.
"""

import os
import subprocess
import sys
from collections.abc import Callable

from wxbot.protocol.cipher import Cipher
from wxbot.protocol.envelope import Query, Reader
from wxbot.protocol.inbound import read
from wxbot.protocol.replies import passive_and_rest, reply_xml
from wxbot.protocol.signature import sign
from wxbot.protocol.wire import parse, text_of
from wxbot.reply.bot import Bot
from wxbot.reply.context import Context

_NOW = 1_800_000_000
_TOKEN = "Wechat4go"
_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
_WARM = 20
_PUSH = (
    "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oTraveller]]></FromUserName>"
    "<CreateTime>1800000000</CreateTime><MsgType><![CDATA[text]]></MsgType>"
    "<Content><![CDATA[CA1501]]></Content><MsgId>23456789012345678</MsgId></xml>"
)
_BOT = Bot()


@_BOT.click("HELP")
@_BOT.subscribe
def _other() -> str:
    return "never said here"


@_BOT.text(r"(?P<flight>[A-Z]{2}\d{3,4})")
def _status(flight: str, ctx: Context) -> str:
    return f"{flight} 14:05, on time for {ctx.account}"


def _plain() -> tuple[Reader, Query, bytes]:
    return Reader(_TOKEN, "plain"), Query(sign(_TOKEN, str(_NOW), "n"), str(_NOW), "n"), _PUSH.encode()


def _safe() -> tuple[Reader, Query, bytes]:
    cipher = Cipher(_KEY, "wx0000000000000001")
    body = f"<xml><Encrypt><![CDATA[{cipher.encrypt(_PUSH.encode())}]]></Encrypt></xml>".encode()
    encrypted = text_of(parse(body), "Encrypt")
    signature = sign(_TOKEN, str(_NOW), "n", encrypted)
    query = Query(sign(_TOKEN, str(_NOW), "n"), str(_NOW), "n", "aes", signature)
    return Reader(_TOKEN, "safe", [cipher]), query, body


PATHS: dict[str, Callable[[], tuple[Reader, Query, bytes]]] = {"plain": _plain, "safe": _safe}


def answered(reader: Reader, query: Query, body: bytes) -> bytes:
    """Return the bytes that answer a push."""
    opened = reader.open(query, body, _NOW)
    push = read(opened.body)
    ctx = Context("default", push.openid, float(_NOW), lambda: "{}")
    passive, _ = passive_and_rest(_BOT.answer(push, ctx), push)
    if passive is None or not push.key:
        raise RuntimeError("this push has an answer")
    return reader.seal(opened, reply_xml(passive, push, _NOW), _NOW)


def _control(switch: str) -> None:
    subprocess.run(["callgrind_control", "-i", switch, str(os.getpid())], check=True, stdout=subprocess.DEVNULL)


def main(name: str, times: int) -> None:
    """Answer one push so many times while callgrind counts."""
    given = PATHS[name]()
    for _ in range(_WARM):
        answered(*given)
    _control("on")
    for _ in range(times):
        answered(*given)
    _control("off")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
