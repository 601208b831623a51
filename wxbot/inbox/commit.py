"""What one push writes: itself, its user's grants, its effects. All inside the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import structlog

from wxbot.delivery import plans
from wxbot.delivery.manner import Manners
from wxbot.delivery.queue import unsubscribe
from wxbot.delivery.receipts import keep_receipts
from wxbot.errors import BadSignature, InvalidMessage
from wxbot.protocol.content import Content, News
from wxbot.protocol.events import KfSessionEvent, KfSwitchEvent, ScanEvent, SubscribeEvent, UnsubscribeEvent
from wxbot.protocol.media import uses_of, with_ids
from wxbot.protocol.messages import Push
from wxbot.protocol.outgoing import FollowUp, message_json
from wxbot.protocol.scene import topic_in
from wxbot.protocol.window import BESIDE, Right, granted
from wxbot.reply.context import SESSION_LIFE
from wxbot.reply.deadline import Answer
from wxbot.reply.hooks import PushHandled
from wxbot.store import contacts, media, outbox, pushes, topics
from wxbot.store.engine import Transaction
from wxbot.store.outbox import Owed
from wxbot.store.pushes import Arrival

State = Literal["answered", "handed_off"]
log = structlog.get_logger(__name__)

_SOMEBODY = "?"  # an agent whom the event does not name
_OF_AGENTS = (KfSessionEvent, KfSwitchEvent)
_WITH_SCENE = (SubscribeEvent, ScanEvent)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One verified POST: the typed push and its plaintext; `signature` where a body could be swapped under it."""

    account: str
    push: Push
    body: bytes
    signature: str = ""
    key: str = field(init=False)  # the push's, made once: an event's is a digest

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", self.push.key)


@dataclass(frozen=True, slots=True)
class Terms:
    """What counts in an account whatever the bot does: what each kind of push grants, how follow-ups behave by
    topic, what a QR code's scene begins with that names a topic (`""`: none does), and for how many seconds at
    most the bot is silent after a person took the user on (None: it answers also meanwhile).
    """

    rights: Mapping[str, Right]
    manners: Manners = field(default_factory=Manners)
    scene_prefix: str = ""
    agent_silence: float | None = None


def owed_to(tx: Transaction, account: str, push: Push) -> Owed:
    """Return what there is for a push's user, whom nobody else changes until the transaction ends.

    `spent` is what the platform may have counted in the push's grant before it came to us.
    """
    contacts.hold(tx, account, push.openid)  # else a sender marks one as `sending` between our count and our grant
    return outbox.owed(tx, account, push.openid, push.CreateTime - BESIDE)


def keep_push(
    tx: Transaction, delivery: Delivery, arrival: Arrival, terms: Terms, owed: Owed, *, ready_at: float
) -> int | None:
    """Store a push, its user and what it brings and reports; return its id, None when it was stored before.

    What was held for the user is queued for `ready_at`. Raises BadSignature when the signature
    was first used for another push.
    """
    account, push, now = delivery.account, delivery.push, arrival.now
    bind_signature(tx, delivery, now)
    push_id = pushes.insert(tx, arrival)
    if push_id is None:
        return None
    if isinstance(push, UnsubscribeEvent):
        contacts.left(tx, account, push.openid, now)
        outbox.cancel_left(tx, account, push.openid, now, "the user unfollowed")
        topics.forget(tx, account, push.openid)
        return push_id
    grant = granted(push, terms.rights)
    if grant is not None:
        grant = replace(grant, left=max(0, grant.left - owed.spent))
    contacts.seen(tx, account, push.openid, now, grant)
    if isinstance(push, _OF_AGENTS):
        contacts.with_agent(tx, account, push.openid, _agent(push), push.CreateTime)
    topic = _topic_scanned(push, terms.scene_prefix)
    if topic is not None:
        topics.subscribe(tx, account, topic, push.openid, now)
    if grant is not None and owed.waits:
        outbox.wake_held(tx, account, push.openid, now, ready_at)
    keep_receipts(tx, account, push, terms.manners, now)
    return push_id


def bind_signature(tx: Transaction, delivery: Delivery, now: float) -> None:
    """Let a push's signature count for no other push; raises BadSignature when it was first used for another."""
    account, signature, key = delivery.account, delivery.signature, delivery.key
    if signature and not pushes.remember_signature(tx, account, signature, key, now):
        raise BadSignature("this signature was used for another push before")


def _agent(push: KfSessionEvent | KfSwitchEvent) -> str:
    """Return who speaks with the user from this event on, `""` for the bot."""
    if isinstance(push, KfSwitchEvent):
        return push.ToKfAccount or _SOMEBODY
    return "" if push.Event.lower() == "kf_close_session" else push.KfAccount or _SOMEBODY


def is_for_agent(agent_since: int, terms: Terms, now: float) -> bool:
    """Return whether what a user writes or taps is part of a talk with a person, in which the bot keeps silent."""
    return terms.agent_silence is not None and agent_since > now - terms.agent_silence


def keep_plans(tx: Transaction, account: str, answer: Answer, now: float) -> None:
    """Store what an answer wants of plans, before anything of its user.

    A fan-out takes publications before users too; the other way round PostgreSQL would find a deadlock.
    """
    for wanted in sorted(answer.plan_changes, key=lambda one: one.topic):
        plans.change(tx, account, wanted, now)


def _topic_scanned(push: Push, prefix: str) -> str | None:
    """Return the topic whose QR code the user followed or scanned, None for none."""
    scene = push.scene if isinstance(push, _WITH_SCENE) else ""
    try:
        return topic_in(scene, prefix)
    except InvalidMessage as exc:
        log.warning("no such topic", action="scene_topic_skipped", openid=push.openid, why=str(exc))
        return None


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
            unsubscribe(tx, account, topic, openid, now)


def as_follow_ups(said: Sequence[Content], due_at: float) -> list[FollowUp]:
    """Return parts of a reply as chat follow-ups, in order; raises InvalidMessage for what can only be passive."""
    return [FollowUp(message=message_json(_fit(one)), due_at=due_at, lane="chat") for one in said]


def as_handled(
    delivery: Delivery, said: Content | None, now: float, error: str = "", *, state: State = "answered"
) -> PushHandled:
    """Return what hooks hear of a push."""
    push = delivery.push
    return PushHandled(
        account=delivery.account,
        openid=push.openid,
        at=now,
        push=push,
        said=said,
        state="failed" if error else state,
        error=error,
    )


def at_once(
    tx: Transaction, account: str, passive: Content | None, now: float
) -> tuple[Content | None, list[Content]]:
    """Return a passive reply with its files' media_ids, and what has to follow as an upload is still to come."""
    uses = [] if passive is None else uses_of(passive)
    if passive is None or not uses:
        return passive, []
    ids = {use: media.live(tx, account, use, now) for use in uses}
    if all(ids.values()):
        return with_ids(passive, ids), []
    try:
        message_json(passive)
    except InvalidMessage as exc:
        log.warning("reply cannot be sent", action="reply_lost", account=account, why=str(exc))
        return None, []
    return None, [passive]


def _fit(content: Content) -> Content:
    return News(content.articles[:1]) if isinstance(content, News) else content
