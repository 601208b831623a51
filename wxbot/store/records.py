"""Contacts with their windows, and subscriptions, as another store can take them in.

Merging may be repeated: what is newer, and of windows what allows less, stays.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from wxbot.store import topics
from wxbot.store.engine import Transaction

_CONTACTS = """
SELECT openid, first_at, last_at, subscribed, message_left, message_until, action_left, action_until,
  remark, tags, unionid FROM contacts
WHERE account = :account AND openid > :after ORDER BY openid LIMIT :limit"""
_SUBSCRIPTIONS = """
SELECT topic, openid, since FROM subscriptions
WHERE account = :account AND (topic > :topic OR topic = :topic AND openid > :openid)
ORDER BY topic, openid LIMIT :limit"""

_COUNT = """
SELECT (SELECT count(*) FROM contacts WHERE account = :account)
     + (SELECT count(*) FROM subscriptions WHERE account = :account)"""


def _newer(column: str, by: str) -> str:
    return f"{column} = CASE WHEN excluded.{by} > contacts.{by} THEN excluded.{column} ELSE contacts.{column} END"


def _unless_there(column: str, empty: str) -> str:
    return f"{column} = CASE WHEN contacts.{column} = '{empty}' THEN excluded.{column} ELSE contacts.{column} END"


def _window(kind: str) -> str:
    left, until = f"{kind}_left", f"{kind}_until"
    return f"""{left} = CASE WHEN excluded.{until} > contacts.{until} THEN excluded.{left}
      WHEN excluded.{until} = contacts.{until} AND excluded.{left} < contacts.{left} THEN excluded.{left}
      ELSE contacts.{left} END, {_newer(until, until)}"""


_MERGE = f"""
INSERT INTO contacts (account, openid, first_at, last_at, subscribed, message_left, message_until,
  action_left, action_until, remark, tags, unionid)
VALUES (:account, :openid, :first_at, :last_at, :subscribed, :message_left, :message_until,
  :action_left, :action_until, :remark, :tags, :unionid)
ON CONFLICT (account, openid) DO UPDATE SET
  first_at = CASE WHEN excluded.first_at < contacts.first_at THEN excluded.first_at ELSE contacts.first_at END,
  {_newer("subscribed", "last_at")}, {_newer("last_at", "last_at")}, {_window("message")}, {_window("action")},
  {_unless_there("remark", "")}, {_unless_there("tags", "[]")}, {_unless_there("unionid", "")}"""


@dataclass(frozen=True, slots=True)
class ContactRecord:
    """One contact; times are Unix seconds, a window whose end is 0 is none."""

    openid: str
    first_at: float
    last_at: float
    subscribed: bool
    message_left: int
    message_until: int
    action_left: int
    action_until: int
    remark: str
    tags: Sequence[int]
    unionid: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who subscribes to what, and since when."""

    topic: str
    openid: str
    since: float


def count(tx: Transaction, account: str) -> int:
    """Return how many contacts and subscriptions an account has."""
    return int(tx.rows(_COUNT, account=account)[0][0])


def contacts_after(tx: Transaction, account: str, openid: str, limit: int) -> list[ContactRecord]:
    """Return up to `limit` contacts behind an openid, in order; "" for the first ones."""
    found = tx.rows(_CONTACTS, account=account, after=openid, limit=limit)
    names = ContactRecord.__slots__
    return [
        ContactRecord(
            **dict(zip(names, row, strict=True)) | {"subscribed": bool(row[3]), "tags": json.loads(row[9])}
        )
        for row in found
    ]


def subscriptions_after(
    tx: Transaction, account: str, after: Subscription | None, limit: int
) -> list[Subscription]:
    """Return up to `limit` subscriptions behind one, in the order of topics; None for the first ones."""
    topic, openid = ("", "") if after is None else (after.topic, after.openid)
    return [
        Subscription(*row)
        for row in tx.rows(_SUBSCRIPTIONS, account=account, topic=topic, openid=openid, limit=limit)
    ]


def merge_contacts(tx: Transaction, account: str, contacts: Sequence[ContactRecord]) -> None:
    """Take in contacts, those that are there too."""
    each = [
        {
            **{name: getattr(one, name) for name in one.__slots__},
            "account": account,
            "subscribed": int(one.subscribed),
            "tags": json.dumps(list(one.tags)),
        }
        for one in sorted(contacts, key=lambda one: one.openid)  # one order for all, or PostgreSQL may deadlock
    ]
    tx.change_many(_MERGE, each)


def merge_subscriptions(tx: Transaction, account: str, subscriptions: Sequence[Subscription]) -> None:
    """Take in subscriptions; of somebody who does not follow the account they are left out."""
    topics.subscribe_since(tx, account, [(one.topic, one.openid, one.since) for one in subscriptions])
