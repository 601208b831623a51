"""wxbot, its sender and the simulated platform, talking over real HTTP on one stopped clock."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from uuid import uuid4

import requests

from simulator.bench import StoppedClock, served
from wxbot.app import create_app
from wxbot.protocol.signature import sign
from wxbot.reply.bot import Bot
from wxbot.settings import Settings
from wxbot.simulator.app import SimulatorConfig, create_simulator
from wxbot.store.engine import Store
from wxbot.wiring import create_sender

PLAIN = {"keep": 0, "join": False, "hint": ""}  # one message a follow-up, unless a test is about the budget
PATIENCE = 30.0  # seconds; only a failing test waits so long
LIMIT = 60.0  # seconds for a call: on a stopped clock one that a busy machine made too late is never tried again
HASTY = 1.0  # seconds for a call, where a test is about one that ends by its time


_TOLD = "SELECT id, state, reason, errcode, attempts FROM followups ORDER BY id"


@dataclass
class Stage:
    """Everything one test plays with."""

    clock: StoppedClock
    settings: Settings
    platform: str  # the simulator's address
    webhook: str

    def post(self, path: str, body: Any = None) -> Any:
        return requests.post(self.platform + path, json=body or {}, timeout=30).json()

    def get(self, path: str) -> Any:
        return requests.get(self.platform + path, timeout=10).json()

    def user(self) -> str:
        return str(self.post("/sim/users")["openid"])

    def act(self, openid: str, kind: str, **more: Any) -> Any:
        return self.post(f"/sim/users/{openid}/actions", {"type": kind, **more})

    def say(self, openid: str, text: str) -> Any:
        return self.act(openid, "text", content=text)

    def shown(self, openid: str, *channels: str) -> list[str]:
        """What the phone shows, by channel; without channels what came from us."""
        items = self.get(f"/sim/users/{openid}/phone")["items"]
        return [item["text"] for item in items if item["via"] in (channels or ("passive", "custom", "notice"))]

    def ledger(self) -> Any:
        return self.get("/sim/ledger")

    def fault(self, kind: str, path: str = "/cgi-bin/message/custom/send", times: int = 1, **more: Any) -> None:
        answer = self.post("/sim/faults", {"path": path, "kind": kind, "times": times, **more})
        assert "faults" in answer, answer

    def store(self) -> Store:
        return Store(self.settings.database_url)

    def rows(self, sql: str) -> list[Any]:
        store = self.store()
        try:
            return store.read(lambda tx: tx.rows(sql))
        finally:
            store.close()

    def states(self) -> list[str]:
        return [row[0] for row in self.rows("SELECT state FROM followups ORDER BY id")]

    def until(self, claim: Callable[[], Any]) -> Any:
        """Wait until a claim holds, and return it; fails with the claim's last value."""
        end = time.monotonic() + PATIENCE
        while not (last := claim()):
            assert time.monotonic() < end, f"still {last!r} after {PATIENCE} s; {self.rows(_TOLD)}"
            time.sleep(0.01)
        return last

    def until_equal(self, expected: object, look: Callable[[], object]) -> None:
        """Wait until a look finds what is expected."""
        self.until(lambda: look() == expected)

    def signed(self, *, token: str = "Wechat4go", timestamp: int | None = None, nonce: str = "7") -> dict[str, str]:
        stamp = str(int(self.clock.now()) if timestamp is None else timestamp)
        return {"signature": sign(token, stamp, nonce), "timestamp": stamp, "nonce": nonce}

    def deliver(self, body: bytes | str, query: dict[str, str] | None = None) -> requests.Response:
        """POST a body to the webhook as the platform would, signed unless a query is given."""
        raw = body.encode() if isinstance(body, str) else body
        return requests.post(self.webhook, data=raw, params=self.signed() if query is None else query, timeout=30)


def text_push(content: str, *, openid: str = "oUser", msgid: int = 1, at: int = 1_800_000_000) -> str:
    return (
        f"<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{content}]]></Content><MsgId>{msgid}</MsgId></xml>"
    )


@contextmanager
def staged(url: str, bot: Bot, *, sending: bool = True, limit: float = LIMIT, **account: Any) -> Iterator[Stage]:
    """Run the simulator, the web and (unless not `sending`) a sender while the block runs.

    A call to the platform may take `limit` seconds of real time.
    With `behind` in the account the platform has a clock of its own, so many seconds ahead of ours.
    """
    clock = StoppedClock()
    theirs = StoppedClock(clock.seconds + account.pop("behind")) if "behind" in account else clock
    config = SimulatorConfig(mode=account.get("mode", "plain"), rights=account.get("rights", "current"))
    with served(create_simulator(config, theirs)) as platform:
        settings = settings_for(url, platform, config, bot, account, limit)
        with served(create_app(settings, clock)) as web, senders(settings, clock, 1 if sending else 0):
            stage = Stage(clock, settings, platform, f"{web}/wechat")
            stage.post("/sim/settings", {"webhook": stage.webhook})
            yield stage


@contextmanager
def senders(settings: Settings, clock: StoppedClock, count: int) -> Iterator[None]:
    """Run senders, each as a process would: with a store of its own."""
    running = [create_sender(settings, clock) for _ in range(count)]
    threads = [threading.Thread(target=one.run) for one in running]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for one in running:
            one.stop()
        for thread in threads:
            thread.join()


def settings_for(
    url: str, platform: str, config: SimulatorConfig, bot: Bot, account: dict[str, Any], limit: float = LIMIT
) -> Settings:
    """Return settings that meet the simulator, with times cut so that tests need not wait."""
    module = ModuleType(f"bot_{uuid4().hex}")
    module.bot = bot  # type: ignore[attr-defined]
    sys.modules[module.__name__] = module
    budget = account.pop("reply_budget", 0.3)
    api_rate = account.pop("api_rate", 1000)
    secrets = {"token": config.token, "appsecret": config.secret, "aes_key": config.aes_key}
    known = {"mode": config.mode, "rights": config.rights, "appid": config.appid, "api_base": platform}
    return Settings.model_validate(
        {
            "account": {**secrets, **known, "rate": 1000, **PLAIN, **account},
            "database_url": url,
            "bot": f"{module.__name__}:bot",
            "reply_budget": budget,
            "api_rate": api_rate,
            "console": {"https": False},
            "sender": {"poll": 0.01, "request_limit": limit, "lease": 2 * limit + 3, "threads": 4},
        }
    )
