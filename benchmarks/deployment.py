"""wxbot and the platform as real processes on one machine; those of wxbot are to be killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random
from typing import Any, Literal

import urllib3

from benchmarks.processes import simulated, start_sender
from benchmarks.serving import free_port
from wxbot.simulator.config import SimulatorConfig
from wxbot.store.engine import Store

_http = urllib3.PoolManager(maxsize=32, retries=False)
_PATIENCE = 40.0  # seconds; only a failing run waits so long
ROOT = Path(__file__).parents[1]
GUNICORN = ("gunicorn", "-c", str(ROOT / "config" / "gunicorn.conf.py"), "wxbot.app:create_app()")
BOT = """
import time

from wxbot.reply.bot import Bot
from wxbot.reply.context import after

bot = Bot()

@bot.text(r"(?P<slow>slow )?order (?P<number>[0-9]+)")
def order(slow, number, ctx):
    if slow:
        time.sleep(0.15)
    ctx.follow_up(f"order {number} is on its way #{number}", on_doubt="park")
    return f"order {number} taken"

@bot.text("sleep")
def sleep(ctx):
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
    bug: str | None = None  # planted into every process that is started
    before: Sequence[str] = ()  # words before the command of a process, to start it elsewhere
    processes: "list[subprocess.Popen[bytes]]" = field(default_factory=list)
    store: Store | None = None  # our own, once it was asked
    senders: list[ForkServerProcess] = field(default_factory=list)

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[bytes]":
        """Start a Python module as a process, with more in its environment."""
        log = (self.folder / "processes.log").open("ab")
        surroundings = {**self.environment, **environment}
        process = subprocess.Popen([*self.before, sys.executable, "-m", *arguments], env=surroundings, stderr=log)
        log.close()
        self.processes.append(process)
        return process

    def sender(self, bug: str | None = None, **environment: str) -> ForkServerProcess:
        """Start a sender that is there at once; with a bug of its own, or that of all."""
        surroundings = {**self.environment, **environment}
        self.senders.append(start_sender(surroundings, self.folder / "processes.log", bug or self.bug))
        return self.senders[-1]

    def web(self, bug: str | None = None, **environment: str) -> "subprocess.Popen[bytes]":
        """Start gunicorn as it is shipped, and wait until it answers."""
        planted = ("benchmarks.sabotage", bug or self.bug or "none", *GUNICORN)
        process = self.start(*planted, **environment)
        self.until(lambda: is_ready(self.environment["WXBOT_BIND"]))
        return process

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        """End a process by SIGKILL."""
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.processes.remove(process)

    def get(self, path: str) -> Any:
        """Ask the platform's control routes."""
        return _http.request("GET", self.platform + path, timeout=10).json()

    def post(self, path: str, body: Any = None) -> Any:
        """Tell the platform's control routes something."""
        return _http.request("POST", self.platform + path, timeout=60, json=body or {}).json()

    def clear_faults(self) -> None:
        """Let the platform work as it should."""
        _http.request("DELETE", self.platform + "/sim/faults", timeout=10)

    def rows(self, sql: str) -> list[Any]:
        """Look into the store, over a connection of our own."""
        self.store = self.store or Store(self.url)
        return self.store.read(lambda tx: tx.rows(sql))

    def until(self, claim: Callable[[], Any], patience: float = _PATIENCE) -> None:
        """Wait until a claim holds; fails with the end of the processes' log after `patience` seconds."""
        end = time.monotonic() + patience
        while not claim():
            assert time.monotonic() < end, (self.folder / "processes.log").read_text()[-3000:]
            time.sleep(0.05)


def is_ready(address: str) -> bool:
    """Return whether a web process answers at `host:port`."""
    try:
        last = {"Connection": "close"}  # whoever stops it need not wait for us
        return _http.request("GET", f"http://{address}/readyz", timeout=2, headers=last).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def workers(master: "subprocess.Popen[bytes]") -> list[int]:
    """Return the pids of a gunicorn's workers."""
    children = Path(f"/proc/{master.pid}/task/{master.pid}/children")
    return [int(pid) for pid in children.read_text().split()]


def _end(place: Deployment) -> None:
    for process in place.processes:
        process.terminate()
    for sender in place.senders:
        sender.terminate()
    for process in place.processes:
        process.wait(20)
    for sender in place.senders:
        sender.join(20)
    if place.store is not None:
        place.store.close()


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a deployment can be given: a seed, a planted bug, the rights, and what stands in its settings file."""

    seed: int = 7
    bug: str | None = None
    rights: Literal["current", "48h"] = "48h"
    moving: bool = False  # the platform and wxbot each follow a clock of their own that can be moved
    account: str = ""  # lines of TOML
    sender: Mapping[str, float] = field(default_factory=dict)
    host: str = "127.0.0.1"  # where the platform listens
    repeat_after: float = 0.0  # seconds before the platform offers a push again


@contextmanager
def deployed(url: str, folder: Path, given: Surroundings | None = None) -> Iterator[Deployment]:
    """Run the platform; every process that the test starts is ended with the block."""
    given, port = given or Surroundings(), free_port()
    config = SimulatorConfig(
        rights=given.rights, webhook=f"http://127.0.0.1:{port}/wechat", repeat_after=given.repeat_after
    )
    (folder / "bot_to_kill.py").write_text(BOT)
    timing = {"threads": 2, "lease": 3.0, "request_limit": 0.4, "poll": 0.02, **given.sender}
    lines = "".join(f"{name} = {value}\n" for name, value in timing.items())
    (folder / "wxbot.toml").write_text(f"[account]\n{given.account}\n[sender]\n{lines}")
    with simulated(config, folder / "platform.clock" if given.moving else None, given.host) as platform:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("WXBOT_")},
            "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}",
            "WXBOT_CONFIG": str(folder / "wxbot.toml"),
            "WXBOT_TOKEN": config.token,
            "WXBOT_APPID": config.appid,
            "WXBOT_APPSECRET": config.secret,
            "WXBOT_MODE": "plain",
            "WXBOT_RIGHTS": given.rights,
            "WXBOT_RATE": "1000",
            "WXBOT_API_BASE": platform,
            "WXBOT_BOT": "bot_to_kill:bot",
            "WXBOT_BIND": f"127.0.0.1:{port}",
            "WXBOT_DATABASE_URL": url,
        }
        if given.moving:
            environment["WXBOT_CLOCK_FILE"] = str(folder / "wxbot.clock")
        running = Deployment(folder, platform, port, url, environment, Random(given.seed), given.bug)
        try:
            yield running
        finally:
            _end(running)
            log = folder / "processes.log"
            said = log.read_text() if log.exists() else ""  # none, where it failed before the first process
            assert config.secret not in said
            assert "access_token=" not in said
