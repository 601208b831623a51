"""Which processes are alive: each notes itself again and again, and is forgotten after a day of silence."""

from dataclasses import dataclass
from typing import Literal

from wxbot.store.engine import Transaction

Kind = Literal["web", "sender"]

FORGOTTEN = 86_400.0  # seconds
_NOTE = """
INSERT INTO processes (owner, kind, host, pid, started_at, seen_at)
VALUES (:owner, :kind, :host, :pid, :now, :now)
ON CONFLICT (owner) DO UPDATE SET seen_at = excluded.seen_at"""
_FORGET = "DELETE FROM processes WHERE seen_at < :before"
_LIST = "SELECT owner, kind, host, pid, started_at, seen_at FROM processes ORDER BY kind, host, started_at, owner"


@dataclass(frozen=True, slots=True)
class Process:
    """One process; `owner` is the name under which its store holds leases. Times are Unix seconds."""

    owner: str
    kind: Kind
    host: str
    pid: int
    started_at: float
    seen_at: float


def note(tx: Transaction, owner: str, kind: Kind, host: str, pid: int, now: float) -> None:
    """Keep that a process is alive, and forget those that were not seen for a day."""
    tx.change(_NOTE, owner=owner, kind=kind, host=host, pid=pid, now=now)
    tx.change(_FORGET, before=now - FORGOTTEN)


def listed(tx: Transaction) -> list[Process]:
    """Return the processes seen within a day, webs after senders."""
    return [Process(*row) for row in tx.rows(_LIST)]
