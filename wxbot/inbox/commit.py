"""What one push writes: itself, its user's grants, its effects. All inside the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from wxbot.errors import BadSignature
from wxbot.protocol.content import Content, News
from wxbot.protocol.events import UnsubscribeEvent
from wxbot.protocol.messages import Push
from wxbot.protocol.outgoing import FollowUp, message_json
from wxbot.protocol.window import Right, granted
from wxbot.reply.context import SESSION_LIFE
from wxbot.reply.deadline import Answer
from wxbot.store import contacts, outbox, pushes, topics
from wxbot.store.engine import Transaction
from wxbot.store.pushes import Arrival


@dataclass(frozen=True, slots=True)
class Delivery:
    """One verified POST: the typed push and its plaintext; `signature` where a body could be swapped under it."""

    account: str
    push: Push
    body: bytes
    signature: str = ""


def keep_push(
    tx: Transaction, delivery: Delivery, arrival: Arrival, rights: Mapping[str, Right], *, ready_at: float
) -> int | None:
    """Store a push, its user and what it grants; return its id, None when it was stored before.

    What was held for the user is queued for `ready_at`. Raises BadSignature when the signature
    was first used for another push.
    """
    account, push, now = delivery.account, delivery.push, arrival.now
    if delivery.signature and not pushes.remember_signature(tx, account, delivery.signature, push.key, now):
        raise BadSignature("this signature was used for another push before")
    push_id = pushes.insert(tx, arrival)
    if push_id is None:
        return None
    if isinstance(push, UnsubscribeEvent):
        contacts.left(tx, account, push.openid, now)
        outbox.cancel_all(tx, account, push.openid, now, "the user unfollowed")
        topics.forget(tx, account, push.openid)
        return push_id
    grant = granted(push, rights)
    if grant is not None:  # the platform counts what it takes from now on; some of it may be on its way
        taken = outbox.spent_since(tx, account, push.openid, push.CreateTime)
        grant = replace(grant, left=max(0, grant.left - taken))
    contacts.seen(tx, account, push.openid, now, grant)
    if grant is not None:
        outbox.wake_held(tx, account, push.openid, now, ready_at)
    return push_id


def keep_effects(
    tx: Transaction,
    delivery: Delivery,
    push_id: int,
    follow_ups: Sequence[FollowUp],
    answer: Answer,
    *,
    now: float,
) -> None:
    """Store the follow-ups of an answer as they are to go out, its session and its subscriptions."""
    account, openid = delivery.account, delivery.push.openid
    for follow_up in follow_ups:
        outbox.insert(tx, account, openid, follow_up, origin="handler", now=now, push_id=push_id)
    if answer.session is not None:
        contacts.save_session(tx, account, openid, answer.session, now + SESSION_LIFE)
    for topic, wanted in sorted(answer.subscriptions.items()):  # one order for all, or PostgreSQL may deadlock
        if wanted:
            topics.subscribe(tx, account, topic, openid, now)
        else:
            topics.unsubscribe(tx, account, topic, openid)


def as_follow_ups(said: Sequence[Content], due_at: float) -> list[FollowUp]:
    """Return parts of a reply as chat follow-ups, in order; raises InvalidMessage for what can only be passive."""
    return [FollowUp(message=message_json(_fit(one)), due_at=due_at, lane="chat") for one in said]


def _fit(content: Content) -> Content:
    return News(content.articles[:1]) if isinstance(content, News) else content
