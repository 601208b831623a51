"""The access_token of each account, shared by all processes, and the lease to refresh it."""

from dataclasses import dataclass

from wxbot.store.engine import Transaction
from wxbot.store.lanes import Lease

_READ = "SELECT token, expires_at, fetched_at, forced_at FROM tokens WHERE account = :account"
_ADD = "INSERT INTO tokens (account) VALUES (:account) ON CONFLICT (account) DO NOTHING"
_TAKE = """
UPDATE tokens SET owner = :owner, boot = :boot, lease_until = :lease_until
WHERE account = :account AND token = :token AND (lease_until <= :clock OR boot <> :boot)"""
_PUT = """
UPDATE tokens SET token = :token, expires_at = :expires_at, fetched_at = :now, forced_at = :forced_at,
  owner = '', lease_until = 0
WHERE account = :account AND owner = :owner"""
_DROP = "UPDATE tokens SET owner = '', lease_until = 0 WHERE account = :account AND owner = :owner"


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token and its times, Unix seconds; `forced_at` is when a refresh was last forced."""

    token: str
    expires_at: float
    fetched_at: float
    forced_at: float


def read(tx: Transaction, account: str) -> StoredToken:
    """Return the stored token; an empty one that expired long ago when none was ever fetched."""
    row = tx.row(_READ, account=account)
    return StoredToken(*row) if row else StoredToken("", 0.0, 0.0, 0.0)


def take_refresh(tx: Transaction, account: str, token: str, lease: Lease) -> bool:
    """Claim the right to replace `token`; False when it is replaced already or another is at it."""
    tx.change(_ADD, account=account)
    claimed = tx.change(
        _TAKE,
        account=account,
        token=token,
        owner=lease.owner,
        boot=lease.boot,
        clock=lease.clock,
        lease_until=lease.lease_until,
    )
    return claimed == 1


def put(tx: Transaction, account: str, owner: str, fresh: StoredToken) -> bool:
    """Store a fetched token and end the claim; False when the claim was lost, and then nothing changed."""
    changed = tx.change(
        _PUT,
        account=account,
        owner=owner,
        token=fresh.token,
        expires_at=fresh.expires_at,
        now=fresh.fetched_at,
        forced_at=fresh.forced_at,
    )
    return changed == 1


def drop_refresh(tx: Transaction, account: str, owner: str) -> None:
    """End the claim without a token, so that another may try."""
    tx.change(_DROP, account=account, owner=owner)
