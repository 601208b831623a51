"""What the platform knows of the people who follow: kept beside their windows, which it does not change.

And how far the import of them has come, so that one that was killed goes on where it stood.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wxbot.errors import StoreError
from wxbot.store.engine import Transaction

# Who is new is kept as heard of when they followed: nothing is granted, and nobody moves to the top of a list.
# What we heard of somebody since the platform was asked is newer than its answer.
_KEEP = """
INSERT INTO contacts (account, openid, first_at, last_at, subscribed, remark, tags, unionid)
VALUES (:account, :openid, :since, :since, 1, :remark, :tags, :unionid)
ON CONFLICT (account, openid) DO UPDATE SET remark = excluded.remark, tags = excluded.tags,
  unionid = excluded.unionid,
  subscribed = CASE WHEN contacts.last_at >= :asked THEN contacts.subscribed ELSE 1 END"""
_REMARK = "UPDATE contacts SET remark = :remark WHERE account = :account AND openid = :openid"
_TAGGED = (
    "SELECT openid, tags FROM contacts WHERE account = :account AND openid > :after ORDER BY openid LIMIT :limit"
)
_TAG = "UPDATE contacts SET tags = :tags WHERE account = :account AND openid = :openid"
_FORGET_TAGS = "DELETE FROM tags WHERE account = :account"
_KEEP_TAG = "INSERT INTO tags (account, id, name, count) VALUES (:account, :id, :name, :count)"
_TAGS = "SELECT id, name, count FROM tags WHERE account = :account ORDER BY id"
_BEGIN = """
INSERT INTO imports (account, started_at) VALUES (:account, :now)
ON CONFLICT (account) DO UPDATE SET page = '', cursor = '', done = 0, total = 0, started_at = :now,
  finished_at = NULL"""
_AT = "SELECT page, cursor, done, total, started_at, finished_at FROM imports WHERE account = :account"
_MOVE = """
UPDATE imports SET page = :page, cursor = :cursor, done = :done, total = :total
WHERE account = :account AND page = :was_page AND cursor = :was_cursor AND finished_at IS NULL"""
_FINISH = "UPDATE imports SET page = '', cursor = '', finished_at = :now WHERE account = :account"


@dataclass(frozen=True, slots=True)
class Follower:
    """A follower as the platform tells of one; `since` is Unix seconds, `tags` in the order they were given."""

    openid: str
    since: float
    remark: str = ""
    tags: Sequence[int] = ()
    unionid: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of the account; `count` people carried it when the platform was asked."""

    id: int
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import has come: within the page that the platform gives behind the openid `page`, to `cursor`."""

    page: str
    cursor: str
    done: int
    total: int
    started_at: float
    finished_at: float | None


def keep(tx: Transaction, account: str, followers: Sequence[Follower], asked: float) -> None:
    """Keep what the platform told of these people when it was `asked` (Unix seconds); may be repeated."""
    tx.change_many(
        _KEEP,
        [
            {
                "account": account,
                "openid": one.openid,
                "since": one.since,
                "remark": one.remark,
                "tags": json.dumps(list(one.tags)),
                "unionid": one.unionid,
                "asked": asked,
            }
            for one in sorted(
                followers, key=lambda one: one.openid
            )  # one order for all, or PostgreSQL may deadlock
        ],
    )


def remark(tx: Transaction, account: str, openid: str, text: str) -> bool:
    """Keep a remark; False for a stranger."""
    return tx.change(_REMARK, account=account, openid=openid, remark=text) == 1


def retag(
    tx: Transaction, account: str, carried: Mapping[str, Sequence[int]], after: str, limit: int
) -> tuple[str, int] | None:
    """Give up to `limit` contacts behind an openid the tags that they carry.

    Return the last openid and how many changed, None at the end.
    """
    found = tx.rows(_TAGGED, account=account, after=after, limit=limit)
    changed = 0
    for openid, before in found:
        tags = json.dumps(list(carried.get(openid, ())))
        if sorted(json.loads(tags)) != sorted(json.loads(before)):  # the platform's order is kept where it is known
            changed += tx.change(_TAG, account=account, openid=openid, tags=tags)
    return (found[-1][0], changed) if found else None


def keep_tags(tx: Transaction, account: str, tags: Sequence[Tag]) -> None:
    """Keep these tags instead of those that were known."""
    tx.change(_FORGET_TAGS, account=account)
    rows = [{"account": account, "id": one.id, "name": one.name, "count": one.count} for one in tags]
    tx.change_many(_KEEP_TAG, rows)


def tags(tx: Transaction, account: str) -> list[Tag]:
    """Return the tags as they were last told."""
    return [Tag(*row) for row in tx.rows(_TAGS, account=account)]


def begin(tx: Transaction, account: str, now: float) -> None:
    """Begin an import at its beginning."""
    tx.change(_BEGIN, account=account, now=now)


def progress(tx: Transaction, account: str) -> Progress | None:
    """Return how far the newest import has come, None when there was none."""
    row = tx.row(_AT, account=account)
    return Progress(*row) if row else None


def move(tx: Transaction, account: str, was: Progress, now: Progress) -> None:
    """Keep how far an import has come; raises StoreError when another one has moved it meanwhile."""
    moved = tx.change(
        _MOVE,
        account=account,
        page=now.page,
        cursor=now.cursor,
        done=now.done,
        total=now.total,
        was_page=was.page,
        was_cursor=was.cursor,
    )
    if not moved:
        raise StoreError("another import of this account is under way; what it does need not be done twice")


def finish(tx: Transaction, account: str, now: float) -> None:
    """Keep that an import is complete."""
    tx.change(_FINISH, account=account, now=now)
