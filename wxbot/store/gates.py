"""What holds a whole account back: gates that the platform's answers close, and the send rate."""

from dataclasses import dataclass

from wxbot.store.engine import Transaction

_CLOSE = """
INSERT INTO gates (account, until, errcode, reason, closed_at) VALUES (:account, :until, :errcode, :reason, :now)
ON CONFLICT (account) DO UPDATE SET
  until = CASE WHEN excluded.until > gates.until THEN excluded.until ELSE gates.until END,
  errcode = excluded.errcode, reason = excluded.reason, closed_at = excluded.closed_at"""
_READ = "SELECT until, errcode, reason, closed_at FROM gates WHERE account = :account AND until > :now"
_OPEN = "DELETE FROM gates WHERE account = :account"
_LEVEL = "SELECT level, filled_at, boot FROM buckets WHERE account = :account"
_POUR = """
INSERT INTO buckets (account, level, boot, filled_at) VALUES (:account, :level, :boot, :clock)
ON CONFLICT (account) DO UPDATE SET level = excluded.level, boot = excluded.boot, filled_at = excluded.filled_at"""


@dataclass(frozen=True, slots=True)
class Gate:
    """Why nothing goes out for an account, and until when (Unix seconds)."""

    until: float
    errcode: int
    reason: str
    closed_at: float


def close(tx: Transaction, account: str, gate: Gate) -> None:
    """Hold an account back; a gate that is closed for longer stays so."""
    tx.change(
        _CLOSE, account=account, until=gate.until, errcode=gate.errcode, reason=gate.reason, now=gate.closed_at
    )


def closed(tx: Transaction, account: str, now: float) -> Gate | None:
    """Return the gate that is closed now, None when messages may go."""
    row = tx.row(_READ, account=account, now=now)
    return Gate(*row) if row else None


def open_again(tx: Transaction, account: str) -> bool:
    """Open an account's gate before its time; False when none was closed."""
    return tx.change(_OPEN, account=account) == 1


def available(tx: Transaction, account: str, rate: float, *, boot: str, clock: float) -> float:
    """Return how many messages the token bucket allows now; it fills at `rate` a second and holds one second."""
    row = tx.row(_LEVEL, account=account)
    if row is None or row[2] != boot or row[1] > clock:
        return rate
    return min(rate, float(row[0]) + (clock - float(row[1])) * rate)


def pour(tx: Transaction, account: str, level: float, *, boot: str, clock: float) -> None:
    """Keep the bucket's level after taking from it."""
    tx.change(_POUR, account=account, level=level, boot=boot, clock=clock)
