"""Where a day is played: a folder, ports, the simulated platform, and the time that all processes share."""

import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from wxbot.cli.processes import Child, Processes, python
from wxbot.clock import SharedClock

_READY_WITHIN = 30.0  # seconds
_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Stage:
    """One run's surroundings; gone when it ends."""

    folder: Path
    port: int  # where the bot listens
    platform_port: int
    clock: SharedClock

    @property
    def bot(self) -> str:
        """The bot's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def platform(self) -> str:
        """The simulated platform's address."""
        return f"http://127.0.0.1:{self.platform_port}"

    @property
    def clock_file(self) -> Path:
        """What moves the time of every process."""
        return self.folder / "clock"

    def go_to(self, moment: float) -> None:
        """Move the time to `moment`, unless work took so long that it is later already."""
        self.clock.advance(max(0.0, moment - self.clock.now()))

    def platform_process(self) -> Child:
        """Return the simulated platform, in plain mode: what is measured is not encryption."""
        where = ["--port", str(self.platform_port), "--webhook", f"{self.bot}/wechat", "--mode", "plain"]
        command = python("-m", "wxbot.cli", "simulator", *where, "--clock-file", str(self.clock_file))
        return self.child("platform", command, {})

    @property
    def messages(self) -> Path:
        """What the processes said."""
        return self.folder / "messages.log"

    def last_messages(self) -> str:
        """Return the end of what the processes said."""
        return self.messages.read_text("utf-8")[-3000:] if self.messages.exists() else ""

    def child(self, name: str, command: list[str], own: Mapping[str, str]) -> Child:
        """Return a process with none of the caller's settings, its messages in the folder."""
        foreign = {name: value for name, value in os.environ.items() if not name.startswith("WXBOT_")}
        ours = {"PYTHONPATH": str(_ROOT)}  # the bot is beside wxbot, not in it
        return Child(name, command, {**foreign, **ours, **own}, messages=self.messages)


@contextmanager
def staged(start: float) -> Iterator[Stage]:
    """Set up a stage whose time begins at `start`, in memory where the machine allows: no disk is measured here."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(prefix="wxbot-airport-", dir=memory if memory.is_dir() else None) as name:
        folder = Path(name)
        clock = SharedClock(folder / "clock")
        clock.advance(start - clock.now())
        yield Stage(folder, _free_port(), _free_port(), clock)


@contextmanager
def running(children: list[Child], urls: list[str]) -> Iterator[None]:
    """Run processes while the block runs, from the moment each of these addresses answers."""
    try:
        for child in children:  # not Processes.start, which would take Ctrl-C for itself
            child.start()
        for url in urls:
            _wait_for(url)
        yield
        if ended := [one.name for one in children if not one.is_running()]:
            raise RuntimeError(f"ended by themselves: {', '.join(ended)}")
    finally:
        Processes(children).stop()


def _wait_for(url: str) -> None:
    end = time.monotonic() + _READY_WITHIN
    while time.monotonic() < end:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.05)
    raise RuntimeError(f"nothing answered at {url} within {_READY_WITHIN:.0f} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
