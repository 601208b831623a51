"""What holds a whole account back: gates that the platform's answers close, and the send rate."""

from dataclasses import dataclass
from typing import Literal

from wxbot.store.engine import Row, Transaction

Interface = Literal["send", "token", "template", "subscription"]

_CLOSE = """
INSERT INTO gates (account, interface, until, errcode, reason, closed_at, probe_at)
VALUES (:account, :interface, :until, :errcode, :reason, :now, :probe_at)
ON CONFLICT (account, interface) DO UPDATE SET until = excluded.until, errcode = excluded.errcode,
  reason = excluded.reason, closed_at = excluded.closed_at, probe_at = excluded.probe_at"""
_READ = """
SELECT interface, until, errcode, reason, closed_at, probe_at FROM gates
WHERE account = :account AND until > :now AND interface IN ('send', 'token') ORDER BY until DESC"""
_RESTING = _READ.replace("('send', 'token')", "('template', 'subscription')")
_PROBE = """
UPDATE gates SET probe_at = :next WHERE account = :account AND interface = :interface AND probe_at <= :now"""
_OPEN = "DELETE FROM gates WHERE account = :account AND interface = :interface"
_LEVEL = "SELECT level, filled_at, boot FROM buckets WHERE account = :account"
_POUR = """
INSERT INTO buckets (account, level, boot, filled_at) VALUES (:account, :level, :boot, :clock)
ON CONFLICT (account) DO UPDATE SET level = excluded.level, boot = excluded.boot, filled_at = excluded.filled_at"""


@dataclass(frozen=True, slots=True)
class Gate:
    """Why an interface of an account rests, and until when (Unix seconds).

    At `probe_at` one call may pass to see whether it is open again; None for not before `until`.
    """

    interface: Interface
    until: float
    errcode: int
    reason: str
    closed_at: float
    probe_at: float | None = None


def close(tx: Transaction, account: str, gate: Gate) -> None:
    """Let an interface of an account rest; the newest answer of the platform counts."""
    tx.change(
        _CLOSE,
        account=account,
        interface=gate.interface,
        until=gate.until,
        errcode=gate.errcode,
        reason=gate.reason,
        now=gate.closed_at,
        probe_at=gate.probe_at,
    )


def closed(tx: Transaction, account: str, now: float) -> list[Gate]:
    """Return the closed gates that hold back all of an account's follow-ups."""
    return [Gate(*row) for row in tx.rows(_READ, account=account, now=now)]


def resting(tx: Transaction, account: str, now: float) -> list[Gate]:
    """Return the closed gates that only a rung of the fallback ladder has: template, subscription."""
    return [Gate(*row) for row in tx.rows(_RESTING, account=account, now=now)]


def may_probe(tx: Transaction, account: str, gate: Gate, now: float, every: float) -> bool:
    """Return whether this caller makes the one call that a closed gate lets through every so many seconds."""
    where = {"account": account, "interface": gate.interface}
    return tx.change(_PROBE, **where, now=now, next=now + every) == 1


def open_again(tx: Transaction, account: str, interface: Interface) -> bool:
    """Open a gate before its time; False when none was closed."""
    return tx.change(_OPEN, account=account, interface=interface) == 1


def bucket(tx: Transaction, account: str) -> Row | None:
    """Return an account's token bucket for `available`; None for one that nothing was taken from.

    Nobody else takes from it until the transaction ends, or two who look at the same moment both take what was
    there for one. Read the clock after it.
    """
    return tx.row(_LEVEL + " FOR UPDATE" if tx.postgresql else _LEVEL, account=account)  # SQLite has one writer


def available(found: Row | None, rate: float, *, boot: str, clock: float) -> float:
    """Return how many messages the token bucket allows now; it fills at `rate` a second and holds one second."""
    if found is None or found[2] != boot or found[1] > clock:
        return rate
    return min(rate, float(found[0]) + (clock - float(found[1])) * rate)


def pour(tx: Transaction, account: str, level: float, *, boot: str, clock: float) -> None:
    """Keep the bucket's level after taking from it."""
    tx.change(_POUR, account=account, level=level, boot=boot, clock=clock)
