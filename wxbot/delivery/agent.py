"""A person answers a user: at once, or refused at once with the reason; nothing is left waiting unseen."""

from dataclasses import dataclass

from wxbot.delivery.queue import Queued, enqueue
from wxbot.errors import InvalidMessage, NotFound
from wxbot.protocol.outgoing import FollowUp, check_text, text_message
from wxbot.store import contacts, conversations, gates
from wxbot.store.engine import Transaction

USEFUL = 600.0  # seconds: an answer of a person that could not be sent by then is not sent


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a person may send to a user now: `left` messages until `until`, and why none when there are none.

    `closed_by` is 'unfollowed', 'refused', 'window', 'gate' or '' when one may go; `detail` is the errcode or
    the gate's reason.
    """

    left: int
    until: float
    closed_by: str = ""
    detail: str = ""


class NotNow(InvalidMessage):
    """Nothing may be sent to the user now; `may` says why."""

    def __init__(self, may: Allowance) -> None:
        super().__init__(f"nothing may be sent now: {may.closed_by} {may.detail}".strip())
        self.may = may


def allowance(tx: Transaction, account: str, openid: str, now: float) -> Allowance:
    """Return what may be sent to a user now, less what people have queued already; raises NotFound."""
    found = contacts.show(tx, account, openid)
    if found is None:
        raise NotFound(f"{openid!r} has never written to account {account!r}")
    usable = found.open_grants(now)
    left = sum(grant.left for grant in usable) - conversations.chat_queued(tx, account, openid, now)
    if left > 0:
        closed = gates.closed(tx, account, now)
        until = max(grant.expires_at for grant in usable)
        return Allowance(left, until, "gate" if closed else "", closed[0].reason if closed else "")
    if not found.subscribed:
        return Allowance(0, 0.0, "unfollowed")
    return Allowance(0, 0.0, "refused" if found.refused else "window", str(found.refused or ""))


def answer(tx: Transaction, account: str, openid: str, text: str, *, name: str, key: str, now: float) -> Queued:
    """Queue a person's text to go out now, ahead of all else; the same `key` queues it once.

    Raises InvalidMessage for what the platform would refuse, NotNow among it, and NotFound for a stranger.
    """
    if not text.strip():
        raise InvalidMessage("there is nothing in it")
    check_text(text)
    may = allowance(tx, account, openid, now)
    if may.closed_by:
        raise NotNow(may)
    new = FollowUp(
        message=text_message(text),
        due_at=now,
        not_after=now + USEFUL,
        key=key,
        on_closed="drop",
        priority="decisive",  # a person saw what is left, and chose to spend it
        on_doubt="park",
        lane="chat",
    )
    return enqueue(tx, account, openid, new, origin=f"agent:{name}", now=now)
