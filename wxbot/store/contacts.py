"""The people who wrote to us, and what each still allows.

A contact holds one grant of each kind: a new one of the same kind replaces it, as the platform
does not add them up. Source: docs/platform.md §6.3.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from wxbot.protocol.window import Grant
from wxbot.store.engine import AMONG, Row, Transaction

_SEEN = """
INSERT INTO contacts (account, openid, first_at, last_at, subscribed) VALUES (:account, :openid, :now, :now, 1)
ON CONFLICT (account, openid) DO UPDATE SET last_at = excluded.last_at, subscribed = 1"""
_SEEN_MESSAGE = """
INSERT INTO contacts (account, openid, first_at, last_at, message_left, message_until)
VALUES (:account, :openid, :now, :now, :left, :until)
ON CONFLICT (account, openid) DO UPDATE SET last_at = excluded.last_at, subscribed = 1, refused = 0,
  message_left = CASE WHEN excluded.message_until >= contacts.message_until
                      THEN excluded.message_left ELSE contacts.message_left END,
  message_until = CASE WHEN excluded.message_until >= contacts.message_until
                       THEN excluded.message_until ELSE contacts.message_until END"""
_SEEN_ACTION = _SEEN_MESSAGE.replace("message_", "action_")
_LEFT = """
INSERT INTO contacts (account, openid, first_at, last_at, subscribed) VALUES (:account, :openid, :now, :now, 0)
ON CONFLICT (account, openid) DO UPDATE SET last_at = excluded.last_at, subscribed = 0,
  message_left = 0, action_left = 0, agent = ''"""
_GRANTS = """
SELECT message_left, message_until, action_left, action_until, subscribed FROM contacts
WHERE account = :account AND openid = :openid"""
_GRANTS_OF_EACH = """
SELECT openid, message_left, message_until, action_left, action_until, subscribed FROM contacts
WHERE account = :account AND openid {among}"""
# c.openid > :after: PostgreSQL may walk both tables side by side, and would do that from the first contact on.
_AUDIENCE = """
SELECT s.openid, message_left, message_until, action_left, action_until
FROM subscriptions AS s JOIN contacts AS c ON c.account = s.account AND c.openid = s.openid
WHERE s.account = :account AND topic = :topic AND s.openid > :after AND c.openid > :after AND since <= :until
ORDER BY s.openid LIMIT :limit"""
# What ends sooner and is not spent was too near its end for us. The platform may have taken it all the same, and a
# clock that is set back would open it once more.
_SPEND_ONE = """
UPDATE contacts SET {kind}_left = {kind}_left - 1,
  {other}_left = CASE WHEN {other}_left > 0 AND {other}_until < {kind}_until
                      THEN {other}_left - 1 ELSE {other}_left END
WHERE account = :account AND openid = :openid AND {kind}_left > 0"""
_SPEND = {
    "message": _SPEND_ONE.format(kind="message", other="action"),
    "action": _SPEND_ONE.format(kind="action", other="message"),
}
_GIVE_BACK = {
    "message": """UPDATE contacts SET message_left = message_left + 1
                  WHERE account = :account AND openid = :openid AND message_until = :until""",
    "action": """UPDATE contacts SET action_left = action_left + 1
                 WHERE account = :account AND openid = :openid AND action_until = :until""",
}
_CLOSE = """
UPDATE contacts SET message_left = 0, action_left = 0, refused = :errcode
WHERE account = :account AND openid = :openid"""
_HOLD_FREE = """
SELECT openid FROM contacts WHERE account = :account AND openid = ANY(:openids) FOR UPDATE SKIP LOCKED"""
_THERE = "SELECT openid FROM contacts WHERE account = :account AND openid = ANY(:openids)"
COLUMNS = """openid, first_at, last_at, subscribed, message_left, message_until, action_left, action_until,
  refused, remark, tags, agent"""
_LIST = f"SELECT {COLUMNS} FROM contacts WHERE account = :account ORDER BY last_at DESC LIMIT :limit"
_PAGE = f"""
SELECT {COLUMNS} FROM contacts WHERE account = :account AND openid > :after ORDER BY openid LIMIT :limit"""
_SHOW = f"SELECT {COLUMNS} FROM contacts WHERE account = :account AND openid = :openid"
_AGENT = """
UPDATE contacts SET agent = :agent, agent_at = :at
WHERE account = :account AND openid = :openid AND agent_at <= :at"""
STANDING = "agent, agent_at, session, session_until"
_STANDING = f"SELECT {STANDING} FROM contacts WHERE account = :account AND openid = :openid"
_SAVE = """
UPDATE contacts SET session = :session, session_until = :until WHERE account = :account AND openid = :openid"""


def seen(tx: Transaction, account: str, openid: str, now: float, grant: Grant | None) -> None:
    """Keep that a user reached us, and the grant this gave. An older push than the newest changes no grant."""
    if grant is None:
        tx.change(_SEEN, account=account, openid=openid, now=now)
        return
    statement = _SEEN_MESSAGE if grant.kind == "message" else _SEEN_ACTION
    tx.change(statement, account=account, openid=openid, now=now, left=grant.left, until=grant.expires_at)


def left(tx: Transaction, account: str, openid: str, now: float) -> None:
    """Keep that a user unfollowed: every window closes at once."""
    tx.change(_LEFT, account=account, openid=openid, now=now)


def grants(tx: Transaction, account: str, openid: str) -> list[Grant]:
    """Return what the platform still allows for a user; empty for a stranger and for one who left."""
    row = tx.row(_GRANTS, account=account, openid=openid)
    return _grants(row[:4]) if row and row[4] else []


def grants_of_free(tx: Transaction, account: str, openids: Collection[str]) -> dict[str, list[Grant]]:
    """Return what `grants` returns for each of these who is known, as far as nobody else holds them.

    They are held as by `hold_free`: until the transaction ends only it can change that.
    """
    hold_free(tx, account, openids)
    free = sorted(openid for openid in openids if is_held(tx, account, openid))
    each = _GRANTS_OF_EACH.format(among=AMONG[tx.postgresql])
    found = tx.rows(each, account=account, among=tx.listed(free)) if free else []
    return {row[0]: _grants(row[1:5]) if row[5] else [] for row in found}


def _grants(columns: Row) -> list[Grant]:
    return [Grant("message", columns[0], columns[1]), Grant("action", columns[2], columns[3])]


def hold(tx: Transaction, account: str, openid: str) -> None:
    """Keep everybody else from changing a user until the transaction ends: always before that user's lanes."""
    if not is_held(tx, account, openid):
        tx.held_users.add((account, openid))
        tx.rows(
            "SELECT 1 FROM contacts WHERE account = :account AND openid = :openid FOR UPDATE",
            account=account,
            openid=openid,
        )


def hold_free(tx: Transaction, account: str, openids: Collection[str]) -> None:
    """Do the same for each of these whom nobody else holds, without waiting; `is_held` tells who that was."""
    if tx.postgresql and openids:
        among = {"account": account, "openids": sorted(openids)}
        held = {row[0] for row in tx.rows(_HOLD_FREE, **among)}
        if len(held) < len(openids):  # a stranger, whom nobody can hold, is not there
            held = set(openids) - {row[0] for row in tx.rows(_THERE, **among)} | held
        tx.held_users |= {(account, openid) for openid in held}


def is_held(tx: Transaction, account: str, openid: str) -> bool:
    """Return whether nobody else can change a user until the transaction ends, as far as it knows."""
    return not tx.postgresql or (account, openid) in tx.held_users  # SQLite has one writer anyway


def audience(
    tx: Transaction, account: str, topic: str, *, after: str, until: float, limit: int
) -> dict[str, list[Grant]]:
    """Return what may be sent to each of a topic's subscribers behind an openid who were there at `until`.

    In the order of their openids. Their grants stay as they are until the transaction ends.
    """
    lock = " FOR SHARE OF c" if tx.postgresql else ""
    found = tx.rows(_AUDIENCE + lock, account=account, topic=topic, after=after, until=until, limit=limit)
    return {row[0]: _grants(row[1:]) for row in found}


def spend(tx: Transaction, account: str, openid: str, grant: Grant) -> bool:
    """Take one message from the open grant that ends soonest; False when another sender took the last."""
    return tx.change(_SPEND[grant.kind], account=account, openid=openid) == 1


def give_back(tx: Transaction, account: str, openid: str, spent: str) -> None:
    """Return a message that was not delivered to the grant it came from (`kind:expires_at`), if that still runs."""
    kind, _, until = spent.partition(":")
    if kind in _GIVE_BACK:
        tx.change(_GIVE_BACK[kind], account=account, openid=openid, until=int(until))


def close(tx: Transaction, account: str, openid: str, errcode: int) -> None:
    """Take the platform's word that nothing may be sent, until the user's next push."""
    tx.change(_CLOSE, account=account, openid=openid, errcode=errcode)


@dataclass(frozen=True, slots=True)
class Contact:
    """A user as an operator sees one; `refused` is the errcode that last closed the windows.

    `agent` is the kf_account of the person who speaks with them now, `""` for nobody.
    """

    openid: str
    first_at: float
    last_at: float
    subscribed: bool
    grants: Sequence[Grant]
    refused: int
    remark: str
    tags: Sequence[int]
    agent: str

    def open_grants(self, now: float) -> list[Grant]:
        """Return the grants on which a message may start now; none for one who unfollowed."""
        return [grant for grant in self.grants if self.subscribed and grant.is_open(now)]


def contact(row: Row) -> Contact:
    """Return a row of `COLUMNS` as a contact."""
    return Contact(
        row[0], row[1], row[2], bool(row[3]), _grants(row[4:8]), row[8], row[9], json.loads(row[10]), row[11]
    )


def recent(tx: Transaction, account: str, limit: int) -> list[Contact]:
    """Return the contacts last heard of, newest first."""
    return [contact(row) for row in tx.rows(_LIST, account=account, limit=limit)]


def page(tx: Transaction, account: str, after: str, limit: int) -> list[Contact]:
    """Return the contacts behind the openid `after`, by openid; "" for the first ones."""
    return [contact(row) for row in tx.rows(_PAGE, account=account, after=after, limit=limit)]


def show(tx: Transaction, account: str, openid: str) -> Contact | None:
    """Return one contact, None when this openid never reached us."""
    row = tx.row(_SHOW, account=account, openid=openid)
    return contact(row) if row else None


def with_agent(tx: Transaction, account: str, openid: str, agent: str, at: int) -> None:
    """Keep who speaks with a user since `at` (CreateTime), `""` for nobody; older news changes nothing."""
    tx.change(_AGENT, account=account, openid=openid, agent=agent, at=at)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a user stands with us when a push of theirs comes.

    `agent_since` is the CreateTime since which a person speaks with them, 0 for nobody; `session` is JSON.
    """

    agent_since: int
    session: str


def standing(tx: Transaction, account: str, openid: str, now: float) -> Standing:
    """Return how a user stands with us, also one who was never here."""
    row = tx.row(_STANDING, account=account, openid=openid)
    return standing_of(row or (None,) * 4, now)


def standing_of(columns: Row, now: float) -> Standing:
    """Return the columns of `STANDING` as a standing; all None for a user who was never here."""
    agent, agent_at, session, until = columns
    if session is None:
        return Standing(0, "{}")
    return Standing(int(agent_at) if agent else 0, str(session) if until > now else "{}")


def save_session(tx: Transaction, account: str, openid: str, session: str, until: float) -> None:
    """Replace the user's session; it runs out at `until`."""
    tx.change(_SAVE, account=account, openid=openid, session=session, until=until)
