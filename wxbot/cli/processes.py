"""Run several processes as one: start them, start again what dies, stop them all cleanly."""

import ctypes
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType

import structlog

from wxbot.errors import SettingsError
from wxbot.ready import READY_FD

log = structlog.get_logger(__name__)

_PAUSE = 0.5  # seconds before a process that ended is started again
_GRACE = 12.0  # seconds to end after SIGTERM, longer than any call to the platform within it
_READY_WITHIN = 30.0  # seconds until a new process must work, or the one before it stays
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class Child:
    """One process to keep running."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    messages: Path | None = None  # where its messages go; our own standard error when None
    listens_at: int | None = None  # the listening socket that it is given
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def start(self, *, ready: int | None = None) -> None:
        """Start it, away from our terminal's Ctrl-C: we pass the signal on in order.

        `ready` is the end of a pipe on which it tells that it works.
        """
        told = {} if ready is None else {READY_FD: str(ready)}
        with self.messages.open("ab") if self.messages else nullcontext() as messages:
            self.process = subprocess.Popen(
                self.command,
                env={**self.environment, **told},
                pass_fds=[fd for fd in (self.listens_at, ready) if fd is not None],
                stdout=messages,
                stderr=messages,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    def start_ready(self) -> bool:
        """Start it and wait until it works; False when it ends before, or takes longer than 30 s."""
        reading, writing = os.pipe()
        try:
            self.start(ready=writing)
        finally:
            os.close(writing)
        with os.fdopen(reading, "rb", buffering=0) as pipe:
            told, _, _ = select.select([pipe], [], [], _READY_WITHIN)
            return bool(told) and pipe.read(1) == b"1"

    def is_running(self) -> bool:
        """Return whether it has been started and has not ended."""
        return self.process is not None and self.process.poll() is None


def _die_with_parent() -> None:
    """On Linux, let the kernel end a child whose parent was killed, so that no port stays taken."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def python(*arguments: str) -> list[str]:
    """Return a command of this very Python."""
    return [sys.executable, *arguments]


def check_free(setting: str, address: str) -> None:
    """Raise SettingsError, naming the setting to change, when something listens at `host:port` already."""
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except (OSError, OverflowError) as exc:
            what = f"{address} cannot be listened at ({exc})"
            raise SettingsError(f"{what}: end what is there, or choose another with {setting}") from None


class Processes:
    """Children that run until SIGTERM or Ctrl-C; stopped in the reverse order of their start.

    With `replaceable`, SIGHUP replaces them one after another, so that somebody works at every moment;
    otherwise a terminal that is closed ends them.
    """

    def __init__(self, children: Sequence[Child], *, replaceable: bool = False) -> None:
        self._children = list(children)
        self._leaving: list[tuple[subprocess.Popen[bytes], float]] = []  # and when their time is over
        self._replaceable = replaceable
        self._stopping = self._replacing = False

    def start(self) -> None:
        """Start all, and from now on stop all on a signal."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        if self._replaceable:
            signal.signal(signal.SIGHUP, self._on_hangup)
        for child in self._children:
            child.start()

    def watch(self) -> None:
        """Restart what ends, until a signal; then stop all and return."""
        while not self._stopping:
            time.sleep(_PAUSE)
            self.restart_ended()
            self._end_overdue()
            if self._replacing:
                self._replacing = False
                self.replace()
        self.stop()

    def replace(self) -> None:
        """Start each child anew, and end the one before when the new one works.

        One that does not come to work is ended, and the rest stays as it is: a bad upgrade stops nothing.
        """
        for number, old in enumerate(self._children):
            new = replace(old, process=None)
            if not new.start_ready():
                self._let_go(new)
                log.error("not replaced", action="process_not_replaced", process=old.name)
                return
            self._children[number] = new
            self._let_go(old)
            log.info("replaced", action="process_replaced", process=old.name)

    def _let_go(self, child: Child) -> None:
        if child.process is not None and child.is_running():
            child.process.terminate()
            self._leaving.append((child.process, time.monotonic() + _GRACE))

    def _end_overdue(self) -> None:
        """Kill what was let go and does not end; forget what has ended."""
        for process, end in self._leaving:
            if process.poll() is None and time.monotonic() > end:
                os.killpg(process.pid, signal.SIGKILL)
        self._leaving = [one for one in self._leaving if one[0].poll() is None]

    def restart_ended(self) -> None:
        """Start again each child that has ended by itself."""
        for child in self._children:
            if child.process is not None and not self._stopping and not child.is_running():
                log.warning(
                    "restarting", action="process_restarted", process=child.name, exit=child.process.returncode
                )
                child.start()

    def stop(self) -> None:
        """End all, each with time to finish; one that does not is killed."""
        self._stopping = True
        for child in reversed(self._children):
            if child.process is not None and child.is_running():
                child.process.terminate()
        end = time.monotonic() + _GRACE
        for child in reversed(self._children):
            if child.process is not None:
                _wait(child.process, end)
        for process, _ in self._leaving:
            _wait(process, end)

    @property
    def stopping(self) -> bool:
        """Whether a signal has come."""
        return self._stopping

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _on_hangup(self, number: int, frame: FrameType | None) -> None:
        self._replacing = True


def _wait(process: "subprocess.Popen[bytes]", end: float) -> None:
    try:
        process.wait(max(0.1, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
