"""The servers that are compared: gunicorn with the same settings, rivals in environments of their own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import requests

from benchmarks.serving import free_port
from wxbot.shipped import shipped
from wxbot.simulator.config import DEV_APPID, DEV_SECRET

ROOT = Path(__file__).parents[2]
_WORKERS, _THREADS = 2, 8
_READY_WITHIN = 30.0  # seconds
_LOG_SHOWN = 2_000  # characters
_SETTINGS = {
    "WXBOT_TOKEN": "Wechat4go",
    "WXBOT_APPID": DEV_APPID,
    "WXBOT_APPSECRET": DEV_SECRET,
    "WXBOT_MODE": "plain",
}
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Side:
    """One application. `packages` are taken from PyPI into an environment of its own; none: ours.

    `on_cores`: each worker keeps to one core, by the configuration that wxbot is shipped with.
    """

    name: str
    app: str
    packages: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    on_cores: bool = False


@dataclass
class Server:
    """A running one."""

    side: Side
    port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    def check(self) -> None:
        """Raise RuntimeError with the end of its log when it is gone."""
        if self.process.poll() is not None:
            end = self.log.read_text(errors="replace")[-_LOG_SHOWN:]
            raise RuntimeError(f"{self.side.name} ended with {self.process.returncode}:\n{end}")

    def cpu(self) -> float:
        """Return the CPU seconds that all its processes have used."""
        return sum(_cpu(pid) for pid in [self.process.pid, *_children(self.process.pid)])

    def memory(self) -> list[float]:
        """Return the resident megabytes of each worker."""
        return [_resident(pid) for pid in _children(self.process.pid)]

    def own_memory(self) -> float:
        """Return the resident megabytes of a server that is one process."""
        return _resident(self.process.pid)


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


@contextmanager
def running(side: Side, python: str, folder: Path) -> Iterator[Server]:
    """Run one until the block ends."""
    port = free_port()
    bind = ["-b", f"127.0.0.1:{port}"]
    shape = ["-k", "gthread", "-w", str(_WORKERS), "--threads", str(_THREADS), "--keep-alive", "20"]
    quiet = ["--log-level", "error", "--no-control-socket"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WXBOT_")}
    environment |= {"PYTHONPATH": str(ROOT), **side.environment}
    if side.on_cores:
        environment |= {**_SETTINGS, "WXBOT_WORKER_CPU_AFFINITY": "true"}
        shape += ["-c", str(shipped("gunicorn.conf.py"))]
    file = folder / f"{side.name}.log".replace(" ", "-")
    with file.open("wb") as log:
        process = subprocess.Popen(
            [python, "-m", "gunicorn", *bind, *shape, *quiet, side.app], cwd=folder, env=environment, stderr=log
        )
        server = Server(side, port, process, file)
        try:
            _wait_for(server)
            yield server
        finally:
            process.terminate()
            process.wait(20)


def _wait_for(server: Server) -> None:
    end = time.monotonic() + _READY_WITHIN
    while time.monotonic() < end:
        server.check()
        try:
            requests.get(f"http://127.0.0.1:{server.port}/", timeout=2)
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{server.side.name} did not start within {_READY_WITHIN:.0f} s")


def python_for(side: Side, environments: Path) -> str:
    """Return the Python that runs a side; installs what it needs the first time."""
    if not side.packages:
        return sys.executable
    place = environments / "-".join(side.packages).replace("==", "-")
    if not (place / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "flask", "gunicorn", "lxml"]
        subprocess.run([*pip, *side.packages], check=True)
        (place / "installed").touch()
    return str(place / "bin" / "python")


def wxbot(url: str, bot: str = "bot") -> Side:
    """Return wxbot itself on a store, as `wxbot serve` runs it, with one of the bots of `wxbot_bot`."""
    settings = {**_SETTINGS, "WXBOT_BOT": f"benchmarks.speed.rivals.wxbot_bot:{bot}", "WXBOT_DATABASE_URL": url}
    return Side("wxbot" if bot == "bot" else f"wxbot, {bot} bot", "wxbot.app:create_app()", environment=settings)


def on_cores(side: Side) -> Side:
    """Return the same, with each worker on a core of its own."""
    return replace(side, name=f"{side.name}, a core for each worker", on_cores=True)
