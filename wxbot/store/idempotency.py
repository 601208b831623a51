"""First answers by their Idempotency-Key, so that a request made twice has its effects once.

A slot is taken, filled and committed in the transaction that has the effects. There is no state in
between to be left behind: a process killed on the way leaves nothing, and the next try is the first.
"""

from dataclasses import dataclass

from wxbot.store.engine import Transaction

KEPT = 48 * 3600.0  # seconds an answer is kept

_FIND = """
SELECT digest, status, answer FROM idempotency WHERE account = :account AND apikey = :apikey AND key = :key"""
_TAKE = """
INSERT INTO idempotency (account, apikey, key, digest, status, answer, created_at)
VALUES (:account, :apikey, :key, :digest, 0, :answer, :now)
ON CONFLICT (account, apikey, key) DO NOTHING"""
_FILL = """
UPDATE idempotency SET status = :status, answer = :answer
WHERE account = :account AND apikey = :apikey AND key = :key"""
_FORGET = "DELETE FROM idempotency WHERE created_at < :before"


@dataclass(frozen=True, slots=True)
class Slot:
    """Where an answer is kept: a caller's key, and the digest of the request that uses it."""

    account: str
    apikey: str
    key: str
    digest: bytes

    @property
    def place(self) -> dict[str, object]:
        """The parameters that name the row."""
        return {"account": self.account, "apikey": self.apikey, "key": self.key}


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """What was answered first; `is_same` is False when another request had used the key."""

    status: int
    answer: bytes
    is_same: bool


def find(tx: Transaction, slot: Slot) -> FirstAnswer | None:
    """Return the first answer under this key, None when the key is new."""
    row = tx.row(_FIND, **slot.place)
    return FirstAnswer(row[1], bytes(row[2]), bytes(row[0]) == slot.digest) if row else None


def take(tx: Transaction, slot: Slot, now: float) -> bool:
    """Take the slot for this transaction, perhaps after waiting for another's end; False when it is filled."""
    return tx.change(_TAKE, **slot.place, digest=slot.digest, answer=b"", now=now) == 1


def fill(tx: Transaction, slot: Slot, status: int, answer: bytes) -> None:
    """Keep the answer in the slot this transaction has taken."""
    tx.change(_FILL, **slot.place, status=status, answer=answer)


def forget(tx: Transaction, before: float) -> int:
    """Delete the answers given before a moment; return how many."""
    return tx.change(_FORGET, before=before)
