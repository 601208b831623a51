"""Keys of the push API: who may call it, for which account, and what each may do.

A key reads `wxk_<id>_<secret>`. Only the SHA-256 of the secret is kept: with 256 random bits there is
nothing to guess, so a slow hash would buy nothing. A key belongs to one account.
"""

import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, get_args

from wxbot.errors import NotFound
from wxbot.store.engine import Row, Transaction

Scope = Literal["send", "read", "cancel", "publish", "subscribe"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

_SECRET_BYTES = 32
_KEY = re.compile(r"wxk_([0-9a-f]{12})_([A-Za-z0-9_-]{43})", re.ASCII)
_COLUMNS = "id, account, name, scopes, created_at, expires_at, revoked_at, used_at"
_INSERT = """
INSERT INTO apikeys (id, account, name, digest, scopes, created_at, expires_at)
VALUES (:id, :account, :name, :digest, :scopes, :now, :expires_at)"""
_FIND = f"SELECT {_COLUMNS}, digest FROM apikeys WHERE id = :id"
_LIST = f"SELECT {_COLUMNS} FROM apikeys ORDER BY account, created_at, id"
_REVOKE = "UPDATE apikeys SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL"
_USED = "UPDATE apikeys SET used_at = :now WHERE id = :id"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without its secret. Times are Unix seconds, None for never."""

    id: str
    account: str
    name: str
    scopes: frozenset[str]
    created_at: float
    expires_at: float | None
    revoked_at: float | None
    used_at: float | None

    def is_live(self, now: float) -> bool:
        """Return whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def create(
    tx: Transaction,
    account: str,
    name: str,
    scopes: Iterable[Scope],
    *,
    now: float,
    expires_at: float | None = None,
) -> str:
    """Store a new key and return it whole: this is the only time its secret can be seen."""
    id, secret = secrets.token_hex(6), secrets.token_urlsafe(_SECRET_BYTES)
    tx.change(
        _INSERT,
        id=id,
        account=account,
        name=name,
        digest=_digest(secret),
        scopes=" ".join(sorted(set(scopes))),
        now=now,
        expires_at=expires_at,
    )
    return f"wxk_{id}_{secret}"


def check(tx: Transaction, presented: str, now: float) -> ApiKey | None:
    """Return whose key this is; None for a wrong, revoked or expired one."""
    parts = _KEY.fullmatch(presented)
    if not parts:
        return None
    row = tx.row(_FIND, id=parts[1])
    # Compared in constant time, and also for an unknown id: how long we take tells nothing.
    is_right = hmac.compare_digest(bytes(row[-1]) if row else bytes(32), _digest(parts[2]))
    key = _apikey(row[:-1]) if row else None
    return key if key and is_right and key.is_live(now) else None


def used(tx: Transaction, id: str, now: float) -> None:
    """Keep when a key was last used."""
    tx.change(_USED, id=id, now=now)


def listed(tx: Transaction) -> list[ApiKey]:
    """Return every key, revoked and expired ones too, by account and age."""
    return [_apikey(row) for row in tx.rows(_LIST)]


def revoke(tx: Transaction, id: str, now: float) -> bool:
    """Make a key worthless from now on; False when it was already. Raises NotFound."""
    if tx.row(_FIND, id=id) is None:
        raise NotFound(f"there is no key {id!r}; `wxbot apikey list` shows what there is")
    return tx.change(_REVOKE, id=id, now=now) == 1


def _apikey(row: Row) -> ApiKey:
    id, account, name, scopes, *times = row
    return ApiKey(id, account, name, frozenset(scopes.split()), *times)


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
