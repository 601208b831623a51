"""A simulator and a bot that is not wxbot, talking over real HTTP; only the time is made up."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
from flask import Flask, Request, request
from flask.typing import ResponseReturnValue

from benchmarks.serving import served as served  # every ring of the tests takes it from here
from wxbot.simulator.app import SimulatorConfig, create_simulator

SEND = "/cgi-bin/message/custom/send"


class StoppedClock:
    """A time that only moves when told."""

    def __init__(self, seconds: float = 1_800_000_000.0) -> None:
        self.seconds = seconds

    def now(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return time.monotonic()

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class Push:
    """One request as the bot got it."""

    query: dict[str, str]
    body: bytes
    content_type: str


@dataclass
class Bot:
    """A server that keeps what it was sent and answers what the test says."""

    answer: Callable[[Request], ResponseReturnValue] = lambda _: "success"
    pushes: list[Push] = field(default_factory=list)

    def app(self) -> Flask:
        app = Flask("bot")

        @app.route("/wechat", methods=["GET", "POST"])
        def _webhook() -> ResponseReturnValue:
            self.pushes.append(Push(request.args.to_dict(), request.get_data(), request.content_type or ""))
            return self.answer(request)

        return app


@dataclass
class Bench:
    """One simulator at `url`, what a test does with it, and the bot behind it."""

    url: str
    bot: Bot
    config: SimulatorConfig

    def get(self, path: str, **query: Any) -> Any:
        return requests.get(self.url + path, params=query, timeout=10).json()

    def post(self, path: str, body: Any = None, **query: Any) -> Any:
        raw = json.dumps(body or {}, ensure_ascii=False).encode()
        return requests.post(self.url + path, data=raw, params=query, timeout=10).json()

    def user(self) -> str:
        return str(self.post("/sim/users")["openid"])

    def act(self, openid: str, kind: str, **more: Any) -> Any:
        return self.post(f"/sim/users/{openid}/actions", {"type": kind, **more})

    def phone(self, openid: str) -> list[Any]:
        return list(self.get(f"/sim/users/{openid}/phone")["items"])

    def window(self, openid: str) -> Any:
        return self.get(f"/sim/users/{openid}/phone")["window"]

    def ledger(self) -> Any:
        return self.get("/sim/ledger")

    def advance(self, seconds: float) -> None:
        self.post("/sim/clock", {"advance": seconds})

    def fault(self, kind: str, path: str = SEND, times: int = 1, **more: Any) -> None:
        assert "faults" in self.post("/sim/faults", {"path": path, "kind": kind, "times": times, **more})

    def token(self) -> str:
        answer = self.get(
            "/cgi-bin/token",
            grant_type="client_credential",
            appid=self.config.appid,
            secret=self.config.secret,
        )
        return str(answer["access_token"])

    def stable_token(self, **more: Any) -> Any:
        who = {"grant_type": "client_credential", "appid": self.config.appid, "secret": self.config.secret}
        return self.post("/cgi-bin/stable_token", who | more)

    def call(self, path: str, body: Any = None, **query: Any) -> Any:
        """Call the platform with a fresh token: GET, or POST when there is a body."""
        if body is None:
            return self.get(path, access_token=self.token(), **query)
        return self.post(path, body, access_token=self.token(), **query)

    def send(self, openid: str, text: str = "你好") -> int:
        """Send one text and return the errcode."""
        return self.send_raw({"touser": openid, "msgtype": "text", "text": {"content": text}})

    def send_raw(self, body: Any) -> int:
        return int(self.call(SEND, body)["errcode"])


@contextmanager
def running(**settings: Any) -> Iterator[Bench]:
    """Run a bot and a simulator pointed at it while the block runs."""
    bot = Bot()
    with served(bot.app()) as bot_url:
        config = SimulatorConfig(webhook=f"{bot_url}/wechat", **settings)
        with served(create_simulator(config, StoppedClock())) as url:
            yield Bench(url, bot, config)


def reply(openid: str, inner: str, kind: str = "text") -> str:
    """Return a passive reply to `openid` around the elements in `inner`."""
    return (
        f"<xml><ToUserName>{openid}</ToUserName><FromUserName>gh_1</FromUserName>"
        f"<CreateTime>1800000000</CreateTime><MsgType>{kind}</MsgType>{inner}</xml>"
    )
