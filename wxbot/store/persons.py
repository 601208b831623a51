"""All of one person, gone: from every table with an openid, and where one stands inside something else."""

from collections.abc import Sequence
from dataclasses import dataclass

from wxbot.store import contacts, outbox
from wxbot.store.engine import Transaction

_NUMBERED = ("followups", "lanes", "pushes")  # in the order in which a person's rows go
_OTHERS = ("subscriptions",)  # a test asks the schema for more
WHERE = "account = :account AND openid = :openid"
# What a number meant once must not come to mean something else, and SQLite gives the newest row's number to
# the next one: that row is emptied, and goes when it is old.
_EMPTIED = {
    "followups": """message = '{"msgtype":"text","text":{"content":""}}', key = NULL, coalesce = NULL, topic = NULL,
      facts = '{}', msgid = NULL, push_id = NULL, state = 'superseded', reason = 'erased', owner = '',
      spent = '', changed_at = :now, history = :history""",
    "lanes": "lane = 'erased:' || id, wake_at = NULL, owner = '', lease_until = 0",
    "pushes": "push_key = 'erased:' || id, body = :nothing, reply = :nothing, error = '', state = 'answered'",
}
_AUDIT = f"UPDATE audit SET openid = NULL WHERE {WHERE}"  # what was done stays told, to whom does not
_SIGNATURES = f"""
DELETE FROM signatures WHERE account = :account AND push_key IN (SELECT push_key FROM pushes WHERE {WHERE})"""
_AT_CURSOR = "SELECT id FROM publications WHERE account = :account AND cursor = :openid"
_IN_ANSWERS = "SELECT apikey, key FROM idempotency WHERE account = :account AND {holds}"
_HOLDS = {
    False: "instr(answer, CAST(:openid AS BLOB)) > 0",
    True: "position(convert_to(:openid, 'UTF8') in answer) > 0",
}
# A cursor only says behind whom to go on: the subscriber before says the same, or a blank before all.
_MOVE_CURSOR = """
UPDATE publications SET cursor = COALESCE((
  SELECT max(s.openid) FROM subscriptions AS s
  WHERE s.account = publications.account AND s.topic = publications.topic AND s.openid < :openid), ' ')
WHERE id = :id AND cursor = :openid"""
_IMPORT = """
UPDATE imports SET page = '', cursor = '' WHERE account = :account AND (page = :openid OR cursor = :openid)"""
_ANSWER = "DELETE FROM idempotency WHERE account = :account AND apikey = :apikey AND key = :key"


def erase(tx: Transaction, account: str, openid: str, *, now: float, limit: int) -> int:
    """Delete up to `limit` rows of a person, who they are last; return how many, 0 when nothing is left.

    What a sender has under way for them finds its row gone when it settles, and changes nothing.
    """
    of = {"account": account, "openid": openid}
    contacts.hold(tx, account, openid)
    outbox.hold_lanes(tx, account, openid)
    tx.change(_SIGNATURES, **of)
    done = 0
    for name in _NUMBERED:
        done += tx.change(_slice(name), **of, limit=limit - done)
        if done == limit:
            return done
        done += _empty(tx, name, of, now)
    done += tx.change(_AUDIT, **of)
    done += sum(tx.change(f"DELETE FROM {name} WHERE {WHERE}", **of) for name in _OTHERS)
    return done + tx.change(f"DELETE FROM contacts WHERE {WHERE}", **of)


def _slice(name: str) -> str:
    return f"""
DELETE FROM {name} WHERE id IN (SELECT id FROM {name} WHERE {WHERE}
  AND id < (SELECT max(id) FROM {name}) ORDER BY id LIMIT :limit)"""


def _empty(tx: Transaction, name: str, of: dict[str, str], now: float) -> int:
    more = {"now": now, "history": outbox.line(now, "superseded", "erased"), "nothing": b""}
    used = {key: value for key, value in more.items() if f":{key}" in _EMPTIED[name]}
    return tx.change(f"UPDATE {name} SET openid = '', {_EMPTIED[name]} WHERE {WHERE}", **of, **used)


@dataclass(frozen=True, slots=True)
class Traces:
    """Where a person stands inside something else: publications by id, first answers by key and Idempotency-Key."""

    publications: Sequence[int]
    answers: Sequence[tuple[str, str]]


def traces(tx: Transaction, account: str, openid: str) -> Traces:
    """Return what of others' rows names a person. Looks through two tables, so better not while writing."""
    of = {"account": account, "openid": openid}
    answers = tx.rows(_IN_ANSWERS.format(holds=_HOLDS[tx.postgresql]), **of)
    return Traces([row[0] for row in tx.rows(_AT_CURSOR, **of)], [(row[0], row[1]) for row in answers])


def erase_traces(tx: Transaction, account: str, openid: str, found: Traces) -> None:
    """Delete these answers, and let these publications go on without naming the person."""
    tx.change(_IMPORT, account=account, openid=openid)  # it begins anew, which changes nothing twice
    for id in found.publications:
        tx.change(_MOVE_CURSOR, id=id, openid=openid)
    for apikey, key in found.answers:
        tx.change(_ANSWER, account=account, apikey=apikey, key=key)
