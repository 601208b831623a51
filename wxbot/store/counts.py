"""What happened, counted by account and hour: charts read these few rows, and never the big tables.

A cursor says up to where a table has been counted; it moves in the transaction that keeps the counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from wxbot.protocol.replies import NO_REPLY
from wxbot.store.engine import Transaction

HOUR = 3600  # seconds
_POSITION = "SELECT position FROM cursors WHERE name = :name"
_BEGIN = "INSERT INTO cursors (name, position) VALUES (:name, 0) ON CONFLICT (name) DO NOTHING"
_MOVE = "UPDATE cursors SET position = :to WHERE name = :name AND position = :after"
_ADD = """
INSERT INTO counts (account, hour, what, count) VALUES (:account, :hour, :what, :count)
ON CONFLICT (account, hour, what) DO UPDATE SET count = counts.count + excluded.count"""
_SINCE = """
SELECT hour, what, count FROM counts WHERE account = :account AND hour >= :since ORDER BY hour, what"""
_FORGET = "DELETE FROM counts WHERE hour < :before"
_PUSHES = """
SELECT id, account, received_at, state, owner <> '', reply NOT IN (:nothing, :empty), took
FROM pushes WHERE id > :after ORDER BY id LIMIT :limit"""
_ENDED = "state IN ('sent', 'refused', 'doubtful', 'expired', 'cancelled', 'superseded')"
_ENOUGH = f"""
SELECT changed_at FROM followups WHERE {_ENDED} AND changed_at > :after AND changed_at <= :upto
ORDER BY changed_at LIMIT 1 OFFSET :others"""
_FOLLOW_UPS = f"""
SELECT account, changed_at, state FROM followups
WHERE {_ENDED} AND changed_at > :after AND changed_at <= :upto"""

Counted = Mapping[tuple[str, int, str], int]  # by account, hour and what


def hour_of(moment: float) -> int:
    """Return when the hour of a moment began, Unix seconds; hours are those of UTC."""
    return int(moment // HOUR) * HOUR


def position(tx: Transaction, name: str) -> float:
    """Return up to where a table has been counted, 0.0 while nothing has."""
    row = tx.row(_POSITION, name=name)
    return float(row[0]) if row else 0.0


def move(tx: Transaction, name: str, after: float, to: float) -> bool:
    """Move a cursor; False, and nothing changed, when it does not stand at `after`: somebody else has counted."""
    tx.change(_BEGIN, name=name)
    return tx.change(_MOVE, name=name, after=after, to=to) == 1


def add(tx: Transaction, account: str, moment: float, what: str, count: int = 1) -> None:
    """Count something at a moment. Last in its transaction: whoever counts the same waits for its end."""
    tx.change(_ADD, account=account, hour=hour_of(moment), what=what, count=count)


def add_all(tx: Transaction, counted: Counted) -> None:
    """Count all of it, in one order for all, or PostgreSQL may deadlock."""
    for (account, hour, what), count in sorted(counted.items()):
        tx.change(_ADD, account=account, hour=hour, what=what, count=count)


def since(tx: Transaction, account: str, moment: float) -> dict[tuple[int, str], int]:
    """Return what was counted in the hour of a moment and after it, by hour and what."""
    found = tx.rows(_SINCE, account=account, since=hour_of(moment))
    return {(int(hour), str(what)): int(count) for hour, what, count in found}


def forget(tx: Transaction, before: float) -> int:
    """Delete the counts of the hours that began before a moment; return how many rows went."""
    return tx.change(_FORGET, before=before)


@dataclass(frozen=True, slots=True)
class Push:
    """What of a push is counted; `took` in seconds, None where nobody measured."""

    id: int
    account: str
    received_at: float
    failed: bool
    handed_off: bool
    replied: bool
    took: float | None


def pushes(tx: Transaction, after: float, limit: int) -> list[Push]:
    """Return the pushes behind a number, by number."""
    found = tx.rows(_PUSHES, after=after, limit=limit, nothing=NO_REPLY, empty=b"")
    return [
        Push(id, account, at, state == "failed", bool(owned) or state == "handed_off", bool(replied), took)
        for id, account, at, state, owned, replied, took in found
    ]


def settled_until(tx: Transaction, after: float, upto: float, limit: int) -> float:
    """Return a moment not later than `upto` up to which about `limit` follow-ups came to an end since `after`."""
    row = tx.row(_ENOUGH, after=after, upto=upto, others=limit - 1)
    return float(row[0]) if row else upto


def settled(tx: Transaction, after: float, upto: float) -> list[tuple[str, float, str]]:
    """Return account, moment and state of what came to an end after a moment, and not after `upto`."""
    return [(row[0], row[1], row[2]) for row in tx.rows(_FOLLOW_UPS, after=after, upto=upto)]
