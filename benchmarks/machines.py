"""Machines on this machine: network namespaces joined by a bridge, each with an address and a cable of its own.

They need root and `ip` (Debian's iproute2). Where these are missing, the same machines are loopback
addresses, and a cable is a TCP port that can be cut.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.link import Link

_NET = "10.77.41"
_SWEEP = 'cat; for one in "$@"; do ip netns del $one; done; ip link del $0'


@dataclass
class Machine:
    """Where processes run: the words before their command, their address, and their way to PostgreSQL."""

    prefix: tuple[str, ...]
    address: str
    database: Link
    cable: str = ""  # our end of it; "" without namespaces

    def cut_off(self) -> None:
        """Pull the cable: nothing is refused, nothing comes back."""
        _ip("link", "set", self.cable, "down") if self.cable else self.database.cut()

    def join(self) -> None:
        """Put the cable back."""
        _ip("link", "set", self.cable, "up") if self.cable else self.database.mend()


def has_namespaces() -> bool:
    """Return whether this process may make network namespaces."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    name = f"wxbot-try-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode == 0
    if made:
        _ip("netns", "del", name)
    return made


@contextmanager
def machines(count: int, database: str) -> Iterator[tuple[str, list[Machine]]]:
    """Yield the host's address and so many machines; `database` is PostgreSQL's Unix socket."""
    if not has_namespaces():
        links = [Link(database) for _ in range(count)]
        yield "127.0.0.1", [Machine((), f"127.0.0.{nth + 2}", link) for nth, link in enumerate(links)]
        for link in links:
            link.close()
        return
    run = f"wx{os.getpid() % 100_000}"
    names = [run, *(f"{run}n{nth}" for nth in range(count))]
    # The watcher's standard input ends with us, however we end.
    with subprocess.Popen(["sh", "-c", _SWEEP, *names], stdin=subprocess.PIPE, start_new_session=True):
        _ip("link", "add", run, "type", "bridge")
        _ip("addr", "add", f"{_NET}.1/24", "dev", run)
        _ip("link", "set", run, "up")
        link = Link(database, f"{_NET}.1")
        yield f"{_NET}.1", [_machine(run, nth, link) for nth in range(count)]
        link.close()


def _machine(run: str, nth: int, link: Link) -> Machine:
    name, ours, theirs = f"{run}n{nth}", f"{run}h{nth}", f"{run}g{nth}"
    address = f"{_NET}.{nth + 2}"
    _ip("netns", "add", name)
    _ip("link", "add", ours, "type", "veth", "peer", "name", theirs)
    _ip("link", "set", theirs, "netns", name)
    _ip("link", "set", ours, "master", run, "up")
    _ip("-n", name, "addr", "add", f"{address}/24", "dev", theirs)
    _ip("-n", name, "link", "set", theirs, "up")
    _ip("-n", name, "link", "set", "lo", "up")
    return Machine(("ip", "netns", "exec", name), address, link, ours)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
