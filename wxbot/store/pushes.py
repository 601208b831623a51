"""Pushes accepted, each once, with the bytes of its first answer."""

from dataclasses import dataclass

from wxbot.store.contacts import STANDING, Standing, standing_of
from wxbot.store.engine import Transaction

_INSERT = """
INSERT INTO pushes
  (account, push_key, openid, received_at, body, state, reply, error, owner, boot, lease_until, took)
VALUES (:account, :push_key, :openid, :now, :body, :state, :reply, :error, :owner, :boot, :lease_until, :took)
ON CONFLICT (account, push_key) DO NOTHING RETURNING id"""
_REPLY = "SELECT reply FROM pushes WHERE account = :account AND push_key = :push_key"
_KNOWN = f"""
SELECT reply, {STANDING} FROM (SELECT 1 AS one) AS whole
LEFT JOIN pushes AS p ON p.account = :account AND p.push_key = :push_key
LEFT JOIN contacts AS c ON c.account = :account AND c.openid = :openid"""
_REMEMBER = """
INSERT INTO signatures (account, signature, push_key, seen_at) VALUES (:account, :signature, :push_key, :now)
ON CONFLICT (account, signature) DO NOTHING"""
_SIGNED = "SELECT push_key FROM signatures WHERE account = :account AND signature = :signature"
_FINISH = """
UPDATE pushes SET state = :state, error = :error
WHERE id = :id AND state = 'handed_off' AND owner = :owner"""
_RENEW = "UPDATE pushes SET lease_until = :lease_until WHERE id = :id AND state = 'handed_off' AND owner = :owner"
_ADOPT = """
UPDATE pushes SET owner = :owner, boot = :boot, lease_until = :lease_until, tries = tries + 1
WHERE id = (SELECT id FROM pushes WHERE account = :account AND state = 'handed_off'
            AND (lease_until <= :clock OR boot <> :boot) ORDER BY id LIMIT 1)
AND state = 'handed_off' AND (lease_until <= :clock OR boot <> :boot)
RETURNING id, body, received_at, tries"""
_SHOW = (
    "SELECT id, push_key, openid, received_at, body, state, error FROM pushes WHERE account = :account AND id = :id"
)
LATEST = {
    # The newest first and their age after: asked for at once, all that are older would be looked at.
    False: """
SELECT body FROM (SELECT id, body, received_at FROM pushes WHERE account = :account AND openid = :openid
                  ORDER BY id DESC LIMIT :limit) AS newest
WHERE received_at >= :since ORDER BY id DESC""",
    # Asked like that, PostgreSQL might walk everybody's pushes from the newest on.
    True: """
SELECT body FROM pushes WHERE account = :account AND openid = :openid AND received_at >= :since
ORDER BY id DESC LIMIT :limit""",
}
_FAILED = """
SELECT id, push_key, openid, received_at, body, state, error FROM pushes
WHERE account = :account AND state = 'failed' AND id < :before ORDER BY id DESC LIMIT :limit"""
_COUNT_FAILED = """
SELECT count(*) FROM (SELECT 1 FROM pushes WHERE account = :account AND state = 'failed' LIMIT :limit) AS newest"""
_REOPEN = """
UPDATE pushes SET state = 'handed_off', error = '', owner = '', boot = '', lease_until = 0, tries = 0
WHERE account = :account AND id = :id AND state = 'failed'"""
_FORGET = "DELETE FROM signatures WHERE seen_at < :before"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A push as it is stored. `body` is the plaintext XML, `reply` the exact bytes of the answer."""

    account: str
    push_key: str
    openid: str
    now: float
    body: bytes
    state: str = "answered"  # answered | handed_off | failed
    reply: bytes = b""
    error: str = ""
    owner: str = ""
    boot: str = ""
    lease_until: float = 0.0
    took: float | None = None  # seconds from its arrival until it was about to be committed


def insert(tx: Transaction, arrival: Arrival) -> int | None:
    """Store a push; return its id, or None when it was stored before (and nothing was changed)."""
    row = tx.row(_INSERT, **{name: getattr(arrival, name) for name in arrival.__slots__})
    return int(row[0]) if row else None


def reply_to(tx: Transaction, account: str, push_key: str) -> bytes | None:
    """Return the bytes that answered this push, None when it is new."""
    row = tx.row(_REPLY, account=account, push_key=push_key)
    return bytes(row[0]) if row else None


def known(tx: Transaction, account: str, push_key: str, openid: str, now: float) -> tuple[bytes | None, Standing]:
    """Return in one statement what `reply_to` returns of a push, and how its user stands with us."""
    [(reply, *standing)] = tx.rows(_KNOWN, account=account, push_key=push_key, openid=openid)
    return None if reply is None else bytes(reply), standing_of(tuple(standing), now)


def remember_signature(tx: Transaction, account: str, signature: str, push_key: str, now: float) -> bool:
    """Return whether this signature belongs to this push: its first use binds it."""
    if tx.change(_REMEMBER, account=account, signature=signature, push_key=push_key, now=now):
        return True
    row = tx.row(_SIGNED, account=account, signature=signature)
    return row is not None and row[0] == push_key


def forget_signatures(tx: Transaction, before: float) -> int:
    """Delete the signatures seen before a moment: they are too old to be accepted again."""
    return tx.change(_FORGET, before=before)


def finish(tx: Transaction, id: int, owner: str, *, state: str = "answered", error: str = "") -> bool:
    """Close a handed-off push; False when somebody else has done so or has taken it over."""
    return tx.change(_FINISH, id=id, owner=owner, state=state, error=error) == 1


def renew(tx: Transaction, id: int, owner: str, lease_until: float) -> bool:
    """Keep a handed-off push while its handler works; False when it is no longer ours."""
    return tx.change(_RENEW, id=id, owner=owner, lease_until=lease_until) == 1


@dataclass(frozen=True, slots=True)
class Adopted:
    """A push taken over from a process that is gone; `body` is the plaintext XML."""

    id: int
    body: bytes
    received_at: float
    tries: int  # how often it has been taken over, this time included


def adopt(
    tx: Transaction, account: str, *, owner: str, boot: str, clock: float, lease_until: float
) -> Adopted | None:
    """Take over one handed-off push whose process is gone; None when there is none."""
    row = tx.row(_ADOPT, account=account, owner=owner, boot=boot, clock=clock, lease_until=lease_until)
    return Adopted(int(row[0]), bytes(row[1]), row[2], row[3]) if row else None


def latest(tx: Transaction, account: str, openid: str, *, since: float, limit: int = 50) -> list[bytes]:
    """Return the plaintext XML of a user's latest pushes since a moment, as they came."""
    found = tx.rows(LATEST[tx.postgresql], account=account, openid=openid, since=since, limit=limit)
    return [bytes(row[0]) for row in reversed(found)]


def reopen(tx: Transaction, account: str, id: int) -> bool:
    """Give a failed push to the next process that looks for one; False when it is not a failed one."""
    return tx.change(_REOPEN, account=account, id=id) == 1


@dataclass(frozen=True, slots=True)
class StoredPush:
    """A push as an operator sees it; `body` is the plaintext XML."""

    id: int
    push_key: str
    openid: str
    received_at: float
    body: bytes
    state: str
    error: str


def show(tx: Transaction, account: str, id: int) -> StoredPush | None:
    """Return one push, None when there is none of that id in the account."""
    row = tx.row(_SHOW, account=account, id=id)
    return StoredPush(*row) if row else None


def failed(tx: Transaction, account: str, before: int, limit: int) -> list[StoredPush]:
    """Return the pushes whose handler failed, newest first, those with an id below `before`."""
    found = tx.rows(_FAILED, account=account, before=before, limit=limit)
    return [StoredPush(*row) for row in found]


def count_failed(tx: Transaction, account: str, limit: int) -> int:
    """Return how many pushes of an account have failed, at most `limit`."""
    return int(tx.rows(_COUNT_FAILED, account=account, limit=limit)[0][0])
