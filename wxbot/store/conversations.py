"""Conversations as a person looks through them: whose window closes next, who wrote last, who said what."""

from collections.abc import Sequence
from dataclasses import dataclass

from wxbot.protocol.window import MARGIN
from wxbot.store.contacts import COLUMNS, Contact, contact
from wxbot.store.engine import Transaction
from wxbot.store.outbox import STORED, StoredFollowUp, stored_follow_up

SEARCHED = 20_000  # of the newest pushes, for a text in them
_CLOSING = f"""
SELECT {COLUMNS} FROM contacts
WHERE account = :account AND message_left > 0 AND message_until > :now
  AND (message_until, openid) > (:until, :after)
ORDER BY message_until, openid LIMIT :limit"""
_JUST_ACTED = f"""
SELECT {COLUMNS} FROM contacts
WHERE account = :account AND last_at > :since AND action_left > 0 AND action_until > :now
ORDER BY action_until, openid LIMIT :limit"""
_RECENT = f"""
SELECT {COLUMNS} FROM contacts WHERE account = :account AND (last_at, openid) < (:until, :after)
ORDER BY last_at DESC, openid DESC LIMIT :limit"""
_NAMED = """
SELECT openid FROM contacts
WHERE account = :account AND (openid LIKE :like ESCAPE '!' OR remark LIKE :like ESCAPE '!') LIMIT :limit"""
_SUBSCRIBED = """
SELECT openid FROM subscriptions WHERE account = :account AND topic = :q ORDER BY openid LIMIT :limit"""
_SAID = """
SELECT openid FROM (
  SELECT openid, body FROM pushes WHERE account = :account ORDER BY id DESC LIMIT :searched) AS newest
WHERE {holds} LIMIT 1000"""
_HOLDS = {
    False: "instr(body, CAST(:q AS BLOB)) > 0",
    True: "position(convert_to(:q, 'UTF8') in body) > 0",
}
_PUSHES = """
SELECT id, received_at, body, state, reply, error FROM pushes
WHERE account = :account AND openid = :openid AND received_at < :before
ORDER BY received_at DESC, id DESC LIMIT :limit"""
_LAST = """
SELECT body FROM pushes WHERE account = :account AND openid = :openid ORDER BY id DESC LIMIT 1"""
_TOLD = f"""
SELECT {STORED} FROM followups
WHERE account = :account AND openid = :openid AND changed_at < :before
  AND state IN ('sent', 'refused', 'doubtful', 'expired', 'cancelled', 'superseded')
ORDER BY changed_at DESC, id DESC LIMIT :limit"""
_WAITING = f"""
SELECT {STORED} FROM followups
WHERE account = :account AND openid = :openid AND state IN ('scheduled', 'queued', 'claimed', 'sending', 'held')
ORDER BY due_at, id LIMIT :limit"""
_QUEUED_CHAT = """
SELECT count(*) FROM followups AS f JOIN lanes AS l ON l.id = f.lane_id
WHERE f.account = :account AND f.openid = :openid AND f.state IN ('queued', 'claimed') AND l.lane = 'chat'
  AND f.due_at <= :now"""
_MARK = """
SELECT last_at, subscribed, message_left, message_until, action_left, action_until, refused, remark, agent,
  (SELECT count(*) FROM subscriptions AS s WHERE s.account = c.account AND s.openid = c.openid),
  (SELECT max(id) FROM pushes AS p WHERE p.account = c.account AND p.openid = c.openid),
  (SELECT state FROM pushes AS p WHERE p.account = c.account AND p.openid = c.openid ORDER BY id DESC LIMIT 1),
  (SELECT count(*) FROM followups AS f WHERE f.account = c.account AND f.openid = c.openid),
  (SELECT count(*) FROM followups AS f WHERE f.account = c.account AND f.openid = c.openid
   AND f.state IN ('scheduled', 'queued', 'claimed', 'sending', 'held')),
  (SELECT max(changed_at) FROM followups AS f WHERE f.account = c.account AND f.openid = c.openid)
FROM contacts AS c WHERE account = :account AND openid = :openid"""
_END = float("inf")


def closing(
    tx: Transaction, account: str, now: float, limit: int, after: tuple[float, str] = (0.0, "")
) -> list[Contact]:
    """Return who can be reached, whose 48 hours end first coming first, those behind (their end, openid)."""
    end, openid = after
    where = {"account": account, "now": now + MARGIN["message"], "until": end, "after": openid}
    return [contact(row) for row in tx.rows(_CLOSING, **where, limit=limit)]


def just_acted(tx: Transaction, account: str, now: float, limit: int) -> list[Contact]:
    """Return who clicked, scanned or followed within the last minutes and can be reached for that."""
    where = {"account": account, "since": now - 300, "now": now + MARGIN["action"], "limit": limit}
    return [contact(row) for row in tx.rows(_JUST_ACTED, **where)]


def recent(tx: Transaction, account: str, limit: int, after: tuple[float, str] = (_END, "")) -> list[Contact]:
    """Return who was heard of last, newest first, those behind (when, openid)."""
    heard, openid = after
    return [contact(row) for row in tx.rows(_RECENT, account=account, until=heard, after=openid, limit=limit)]


def search(tx: Transaction, account: str, q: str, limit: int) -> list[str]:
    """Return who has `q` in their openid or remark, subscribes to the topic `q`, or wrote it of late."""
    like = q.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    found = [row[0] for row in tx.rows(_NAMED, account=account, like=f"%{like}%", limit=limit)]
    found += [row[0] for row in tx.rows(_SUBSCRIBED, account=account, q=q, limit=limit)]
    said = _SAID.format(holds=_HOLDS[tx.postgresql])
    found += [row[0] for row in tx.rows(said, account=account, q=q, searched=SEARCHED)]
    return list(dict.fromkeys(found))[:limit]


@dataclass(frozen=True, slots=True)
class KeptPush:
    """A push with the answer it got; `body` is plaintext XML, `reply` the bytes that went out."""

    id: int
    received_at: float
    body: bytes
    state: str
    reply: bytes
    error: str


def pushes(tx: Transaction, account: str, openid: str, before: float, limit: int) -> list[KeptPush]:
    """Return a user's pushes before a moment, newest first."""
    found = tx.rows(_PUSHES, account=account, openid=openid, before=before, limit=limit)
    return [KeptPush(row[0], row[1], bytes(row[2]), row[3], bytes(row[4]), row[5]) for row in found]


def last_pushes(tx: Transaction, account: str, openids: Sequence[str]) -> dict[str, bytes]:
    """Return the body of the newest push of each of these users who has one."""
    found = ((openid, tx.row(_LAST, account=account, openid=openid)) for openid in openids)
    return {openid: bytes(row[0]) for openid, row in found if row}


def settled(tx: Transaction, account: str, openid: str, before: float, limit: int) -> list[StoredFollowUp]:
    """Return a user's follow-ups that came to an end before a moment, newest first."""
    found = tx.rows(_TOLD, account=account, openid=openid, before=before, limit=limit)
    return [stored_follow_up(row) for row in found]


def waiting(tx: Transaction, account: str, openid: str, limit: int) -> list[StoredFollowUp]:
    """Return what is still to come for a user, by when it is due."""
    return [stored_follow_up(row) for row in tx.rows(_WAITING, account=account, openid=openid, limit=limit)]


def chat_queued(tx: Transaction, account: str, openid: str, now: float) -> int:
    """Return how many messages of people are about to go out to a user, and have not been counted yet."""
    return int(tx.rows(_QUEUED_CHAT, account=account, openid=openid, now=now)[0][0])


def mark(tx: Transaction, account: str, openid: str) -> tuple[object, ...] | None:
    """Return what changes whenever a user's conversation does, None for a stranger."""
    return tx.row(_MARK, account=account, openid=openid)
