"""Queue a follow-up from outside a handler: the command, the API, an agent.

What could never be delivered is refused at once, and then nothing is stored.
"""

from dataclasses import dataclass

from wxbot.errors import InvalidMessage, NotFound
from wxbot.protocol.outgoing import FollowUp
from wxbot.store import contacts, media, outbox, topics
from wxbot.store.engine import Store, Transaction


@dataclass(frozen=True, slots=True)
class Queued:
    """The follow-up's id; `is_new` is False when its key had been used, and then the first one counts."""

    id: int
    is_new: bool


def queue(store: Store, account: str, openid: str, new: FollowUp, *, origin: str, now: float) -> Queued:
    """Store a follow-up durably; raises NotFound for a stranger, InvalidMessage for one that is too late."""
    return store.write(lambda tx: enqueue(tx, account, openid, new, origin=origin, now=now))


def enqueue(tx: Transaction, account: str, openid: str, new: FollowUp, *, origin: str, now: float) -> Queued:
    """Do the same inside a transaction that does more; what it raises must end that transaction."""
    if new.not_after is not None and new.not_after <= now:
        raise InvalidMessage(f"not_after ({new.not_after:.0f}) has passed: it would never be sent")
    if contacts.show(tx, account, openid) is None:
        raise NotFound(f"{openid} has never written to account {account!r}: nothing may be sent to a stranger")
    check_files(tx, account, new.message)
    return Queued(*outbox.insert(tx, account, openid, new, origin=origin, now=now))


def check_files(tx: Transaction, account: str, message: str) -> None:
    """Raise InvalidMessage for a message that names a file which is not kept."""
    for use in media.missing(tx, account, message):
        keep = f"`wxbot media upload FILE --type {use.kind}` keeps it"
        raise InvalidMessage(f"there is no file sha256:{use.digest} as {use.kind}: {keep}")


def unsubscribe(tx: Transaction, account: str, topic: str, openid: str, now: float) -> bool:
    """End a subscription, and cancel what waits for the user because of it; False when there was none."""
    outbox.cancel_topic(tx, account, openid, topic, now, "the user unsubscribed")
    return topics.unsubscribe(tx, account, topic, openid)
