"""Files that messages show, by account and digest, and the media_id that the platform gave each last.

The content lies here, and not in a folder: whoever sends a message may be another machine than the one that
was given the file, days later.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from wxbot.protocol.media import LIFE, MediaFile, Use, uses_in
from wxbot.store.engine import Row, Transaction

FRESH = LIFE - 3600.0  # seconds: an hour less than the platform says, as clocks differ and messages wait
LATELY = 3600.0  # seconds
_WHERE = "WHERE account = :account AND digest = :digest AND kind = :kind"
_KEEP = """
INSERT INTO media (account, digest, kind, name, size, content, created_at, used_at)
VALUES (:account, :digest, :kind, :name, :size, :content, :now, :now)
ON CONFLICT (account, digest, kind) DO UPDATE SET used_at = excluded.used_at
WHERE media.used_at < excluded.used_at"""
# Within an hour it is left: else all who show one picture would queue for its row.
_WANT = f"UPDATE media SET used_at = :until {_WHERE} AND used_at < :until - {LATELY}"
_USED_AT = f"SELECT used_at FROM media {_WHERE}"
_LIVE = f"SELECT media_id FROM media {_WHERE} AND media_id <> '' AND uploaded_at > :since"
_CONTENT = f"SELECT name, content FROM media {_WHERE}"
_TAKE = f"""
UPDATE media SET owner = :owner, boot = :boot, lease_until = :lease_until
{_WHERE} AND media_id = :media_id AND (lease_until <= :clock OR boot <> :boot)"""
_PUT = f"""
UPDATE media SET media_id = :media_id, uploaded_at = :now, owner = '', lease_until = 0
{_WHERE} AND owner = :owner"""
_DROP = f"UPDATE media SET owner = '', lease_until = 0 {_WHERE} AND owner = :owner"
_FORGET = "UPDATE media SET media_id = '' WHERE account = :account AND media_id = :media_id"
_LIST = """
SELECT digest, kind, name, size, created_at, used_at, media_id, uploaded_at FROM media
WHERE account = :account ORDER BY created_at DESC, digest, kind LIMIT :limit"""
_OLD = "SELECT account, digest, kind FROM media WHERE used_at < :before ORDER BY used_at LIMIT :limit"
_DELETE = f"DELETE FROM media {_WHERE} AND used_at < :before"


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it is kept; times are Unix seconds, `media_id` is `""` before the first upload."""

    digest: str
    kind: str
    name: str
    size: int
    created_at: float
    used_at: float
    media_id: str
    uploaded_at: float

    def is_live(self, now: float) -> bool:
        """Return whether the platform still knows it by its media_id."""
        return self.media_id != "" and self.uploaded_at > now - FRESH


def keep(tx: Transaction, account: str, file: MediaFile, now: float) -> None:
    """Keep a file; may be repeated."""
    tx.change(
        _KEEP,
        account=account,
        digest=file.digest,
        kind=file.kind,
        name=file.name,
        size=len(file.content),
        content=file.content,
        now=now,
    )


def used_at(tx: Transaction, account: str, use: Use) -> float | None:
    """Return the last moment for which a message wanted a file, None for one that is not here as this kind."""
    row = tx.row(_USED_AT, account=account, digest=use.digest, kind=use.kind)
    return float(row[0]) if row else None


def missing(tx: Transaction, account: str, message: str) -> list[Use]:
    """Return the files that a message names and that are not here."""
    return [use for use in uses_in(message) if used_at(tx, account, use) is None]


def want(tx: Transaction, account: str, message: str, until: float) -> None:
    """Keep the files that a message names for as long as it may wait: until then, and what retention adds."""
    for use in sorted(uses_in(message), key=lambda use: (use.digest, use.kind)):  # one order, against deadlocks
        tx.change(_WANT, account=account, digest=use.digest, kind=use.kind, until=until)


def live(tx: Transaction, account: str, use: Use, now: float) -> str:
    """Return the media_id by which the platform knows a file now, `""` when it has to be uploaded."""
    row = tx.row(_LIVE, account=account, digest=use.digest, kind=use.kind, since=now - FRESH)
    return str(row[0]) if row else ""


def content(tx: Transaction, account: str, use: Use) -> tuple[str, bytes] | None:
    """Return a file's name and bytes, None when it is not kept."""
    row = tx.row(_CONTENT, account=account, digest=use.digest, kind=use.kind)
    return (str(row[0]), bytes(row[1])) if row else None


def take_upload(tx: Transaction, account: str, use: Use, media_id: str, **lease: object) -> bool:
    """Claim the right to replace a media_id; False when it is replaced already, or another is at it.

    `lease` is owner, boot, clock and lease_until, as of a lane.
    """
    of = {"account": account, "digest": use.digest, "kind": use.kind, "media_id": media_id}
    return tx.change(_TAKE, **of, **lease) == 1


def latest(tx: Transaction, account: str, use: Use) -> str:
    """Return the last media_id, also one that lives no more; `""` for none."""
    row = tx.row(f"SELECT media_id FROM media {_WHERE}", account=account, digest=use.digest, kind=use.kind)
    return str(row[0]) if row else ""


def put(tx: Transaction, account: str, use: Use, owner: str, media_id: str, now: float) -> bool:
    """Store what an upload that began at `now` brought; False when the claim was lost, and then nothing changed."""
    of = {"account": account, "digest": use.digest, "kind": use.kind}
    return tx.change(_PUT, **of, owner=owner, media_id=media_id, now=now) == 1


def drop_upload(tx: Transaction, account: str, use: Use, owner: str) -> None:
    """End the claim without a media_id, so that another may try."""
    tx.change(_DROP, account=account, digest=use.digest, kind=use.kind, owner=owner)


def forget(tx: Transaction, account: str, media_ids: Sequence[str]) -> None:
    """Take media_ids as dead: the platform refused them, whatever we thought."""
    for media_id in media_ids:
        tx.change(_FORGET, account=account, media_id=media_id)


def newest(tx: Transaction, account: str, limit: int) -> list[Kept]:
    """Return the files of an account, the newest first."""
    return [Kept(*row) for row in tx.rows(_LIST, account=account, limit=limit)]


def old(tx: Transaction, before: float, limit: int) -> Sequence[Row]:
    """Return account, digest and kind of files that nothing has wanted since a moment."""
    return tx.rows(_OLD, before=before, limit=limit)


def delete(tx: Transaction, found: Sequence[Row], before: float) -> int:
    """Delete those of the files found that are still unwanted; return how many went."""
    each = [{"account": row[0], "digest": row[1], "kind": row[2], "before": before} for row in sorted(found)]
    return tx.change_many(_DELETE, each)
