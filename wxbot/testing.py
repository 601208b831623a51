"""For the tests of a bot: wxbot as it runs, against the simulated platform, with the clock in hand.

Web, store and sender are the real ones and speak HTTP; only the platform is played, and the time. A user's push
is signed, and in safe mode encrypted, as the platform does it.
"""

import logging
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import requests
from werkzeug.serving import make_server

from wxbot.app import create_app
from wxbot.reply.bot import Bot
from wxbot.settings import DEFAULT_ACCOUNT, Settings
from wxbot.simulator.app import SimulatorConfig, create_simulator
from wxbot.store.engine import Store
from wxbot.store.migrate import migrate
from wxbot.store.upcoming import next_due
from wxbot.wiring import create_sender

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_START = 1_800_000_000.0  # Unix seconds: 2027-01-15 08:00 UTC
_PATIENCE = 30.0  # seconds of real time for what is due to go out
_LOOK_EVERY = 0.005  # seconds


class MovedClock:
    """A time that stands still until it is moved."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def now(self) -> float:
        """Return Unix seconds (UTC)."""
        return self.seconds

    def monotonic(self) -> float:
        """Return seconds that only grow."""
        return time.monotonic()

    def advance(self, seconds: float) -> None:
        """Move it; nothing waits for what falls due meanwhile."""
        self.seconds += seconds


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a phone."""

    openid: str
    platform: str  # the simulator's address

    def says(self, text: str) -> str | None:
        """Write a text; return what the reply shows, None for no reply."""
        return self.does("text", content=text)

    def taps(self, key: str) -> str | None:
        """Tap the menu button with this key."""
        return self.does("CLICK", eventkey=key)

    def follows(self, scene: str = "") -> str | None:
        """Follow the account, through a QR code when there is a scene."""
        return self.does("subscribe", **({"eventkey": f"qrscene_{scene}"} if scene else {}))

    def does(self, type: str, **fields: Any) -> str | None:
        """Do anything by the platform's name for it (`image`, `LOCATION`, `SCAN`, …); return what the reply shows.

        Raises AssertionError when the platform had to show its failure notice.
        """
        answer = requests.post(f"{self.platform}/sim/users/{self.openid}/actions", json={"type": type, **fields})
        told = answer.json()
        if "attempts" not in told:
            raise ValueError(f"the simulated platform refuses {type!r}: {told}")
        assert not told["notice"], f"the bot did not answer: {told['attempts']}"
        return told["reply"] and str(told["reply"]["text"])

    @property
    def shown(self) -> list[str]:
        """All that came from the account, oldest first: replies and follow-ups as texts."""
        items = requests.get(f"{self.platform}/sim/users/{self.openid}/phone").json()["items"]
        return [item["text"] for item in items if item["via"] in ("passive", "custom", "template")]


class Stage:
    """A bot on its store, a sender, and the platform, all at one stopped time."""

    def __init__(self, platform: str, clock: MovedClock, store: Store) -> None:
        self.platform, self.clock, self.store = platform, clock, store

    def user(self, openid: str = "") -> User:
        """Return somebody new, who follows the account without a push about it."""
        made = requests.post(f"{self.platform}/sim/users", json={"openid": openid} if openid else {})
        return User(str(made.json()["openid"]), self.platform)

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Move the time; it stops wherever something falls due, until that has gone out."""
        span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()
        end = self.clock.seconds + span
        while (following := self.settle()) <= end:
            self.clock.seconds = following
        self.clock.seconds = end

    def settle(self) -> float:
        """Wait until nothing is due; return when something is. Raises AssertionError when that takes too long."""
        end = time.monotonic() + _PATIENCE
        while (following := self.store.read(lambda tx: next_due(tx, DEFAULT_ACCOUNT))) <= self.clock.seconds:
            assert time.monotonic() < end, f"not sent within {_PATIENCE:.0f} s: see the log"
            time.sleep(_LOOK_EVERY)
        return following


@contextmanager
def staged(bot: Bot, *, mode: Literal["plain", "compat", "safe"] = "safe", **account: Any) -> Iterator[Stage]:
    """Run a bot while the block runs; `account` are settings of the account (`keep`, `topics`, …)."""
    clock, config = MovedClock(_START), SimulatorConfig(mode=mode)
    with (
        tempfile.TemporaryDirectory(prefix="wxbot-test-") as folder,
        served(create_simulator(config, clock)) as platform,
    ):
        using = _settings(f"sqlite:///{Path(folder) / 'wxbot.db'}", platform, config, account)
        migrate(using.database_url)
        sender = create_sender(using, clock, bot)
        with served(create_app(using, clock, bot)) as web, closing(Store(using.database_url)) as store:
            requests.post(f"{platform}/sim/settings", json={"webhook": f"{web}/wechat"})
            thread = threading.Thread(target=sender.run)
            thread.start()
            try:
                yield Stage(platform, clock, store)
            finally:
                sender.stop()
                thread.join()


def _settings(url: str, platform: str, config: SimulatorConfig, account: dict[str, Any]) -> Settings:
    ours = {"appid": config.appid, "token": config.token, "appsecret": config.secret, "api_base": platform}
    mode = {"mode": config.mode} | ({} if config.mode == "plain" else {"aes_key": config.aes_key})
    return Settings.model_validate(
        {
            "account": {**ours, **mode, "rate": 1000, **account},
            "database_url": url,
            "console": {"https": False},
            "sender": {"poll": 0.01, "request_limit": 60.0, "lease": 130.0, "threads": 4},
        }
    )


def _closed_in_the_end(app: "WSGIApplication") -> "WSGIApplication":
    """Return an app whose answers are closed also when the client hangs up: this server then leaves them open."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterator[bytes]:
        pieces = app(environ, start_response)
        try:
            yield from pieces
        finally:
            if hasattr(pieces, "close"):
                pieces.close()

    return answer


@contextmanager
def served(app: "WSGIApplication", host: str = "127.0.0.1") -> Iterator[str]:
    """Serve an app by threads of this process while the block runs; yields its address."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # its lines carry access_tokens
    server = make_server(host, 0, _closed_in_the_end(app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
