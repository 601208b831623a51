"""wxbot as real processes on one machine, to be killed; the platform runs in the test."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import requests

from flow.stage import PATIENCE
from simulator.bench import served
from wxbot.simulator.app import SimulatorConfig, create_simulator
from wxbot.simulator.timeline import OwnClock
from wxbot.store.engine import Store

BOT = """
from wxbot.reply.bot import Bot
from wxbot.reply.context import after

bot = Bot()

@bot.text(r"order (?P<number>[0-9]+)")
def order(number, ctx):
    ctx.follow_up(f"order {number} is on its way #{number}", on_doubt="park")
    return f"order {number} taken"

@bot.text("sleep")
def sleep(ctx):
    import time
    time.sleep(4)
    return "awake"
"""


@dataclass
class Deployment:
    """The processes' surroundings; `seed` makes a run's choices the same again."""

    folder: Path
    platform: str
    port: int  # where the web listens, once a test has started it
    url: str
    environment: Mapping[str, str]
    chance: Random = field(default_factory=lambda: Random(7))
    processes: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        log = (self.folder / "processes.log").open("ab")
        process = subprocess.Popen([sys.executable, "-m", *arguments], env=dict(self.environment), stderr=log)
        log.close()
        self.processes.append(process)
        return process

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.processes.remove(process)

    def get(self, path: str) -> Any:
        return requests.get(self.platform + path, timeout=10).json()

    def post(self, path: str, body: Any = None) -> Any:
        return requests.post(self.platform + path, json=body or {}, timeout=60).json()

    def rows(self, sql: str) -> list[Any]:
        store = Store(self.url)
        try:
            return store.read(lambda tx: tx.rows(sql))
        finally:
            store.close()

    def until(self, claim: Any, patience: float = 4 * PATIENCE) -> None:
        end = time.monotonic() + patience
        while not claim():
            assert time.monotonic() < end, (self.folder / "processes.log").read_text()[-3000:]
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def deployed(database: Path, **sender: Any) -> Iterator[Deployment]:
    """Run the platform; every process that the test starts is ended with the block."""
    folder, port = database.parent, _free_port()
    config = SimulatorConfig(rights="48h", webhook=f"http://127.0.0.1:{port}/wechat")
    (folder / "bot_to_kill.py").write_text(BOT)
    timing = {"threads": 2, "lease": 3.0, "request_limit": 0.4, "poll": 0.02, **sender}
    (folder / "wxbot.toml").write_text(
        "[sender]\n" + "".join(f"{name} = {value}\n" for name, value in timing.items())
    )
    with served(create_simulator(config, OwnClock())) as platform:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("WXBOT_")},
            "PYTHONPATH": str(folder),
            "WXBOT_CONFIG": str(folder / "wxbot.toml"),
            "WXBOT_TOKEN": config.token,
            "WXBOT_APPID": config.appid,
            "WXBOT_APPSECRET": config.secret,
            "WXBOT_MODE": "plain",
            "WXBOT_RIGHTS": "48h",
            "WXBOT_RATE": "1000",
            "WXBOT_API_BASE": platform,
            "WXBOT_BOT": "bot_to_kill:bot",
            "WXBOT_BIND": f"127.0.0.1:{port}",
            "WXBOT_DATABASE_URL": f"sqlite:///{database}",
        }
        running = Deployment(folder, platform, port, environment["WXBOT_DATABASE_URL"], environment)
        try:
            yield running
        finally:
            for process in running.processes:
                process.terminate()
            for process in running.processes:
                process.wait(20)
            said = (folder / "processes.log").read_text()
            assert config.secret not in said
            assert "access_token=" not in said
