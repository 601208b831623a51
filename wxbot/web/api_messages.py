"""The push API's messages: queue one, see what became of it, cancel it."""

import json
from collections.abc import Callable

from wxbot.delivery.explain import Step as Explained
from wxbot.delivery.explain import explanation
from wxbot.delivery.queue import enqueue
from wxbot.errors import NotFound
from wxbot.protocol.reaction import meaning
from wxbot.store import contacts, gates, outbox
from wxbot.store.engine import Transaction
from wxbot.store.outbox import StoredFollowUp
from wxbot.web.api_answers import Cancelled, Queued, SeenGrant, Step, StoredMessage
from wxbot.web.api_call import Answer, Call, Operation, answer, body_of, once
from wxbot.web.api_contacts import count
from wxbot.web.api_models import NewMessage
from wxbot.web.problems import Problem, at_field

_LARGEST_ID = 2**63 - 1  # what the databases can hold


def send_message(call: Call) -> Answer:
    """Queue a message."""
    return once(call, lambda: _queueing(call, body_of(call, NewMessage)))


def _queueing(call: Call, wanted: NewMessage) -> Callable[[Transaction], Answer]:
    new = wanted.follow_up(call.now)

    def work(tx: Transaction) -> Answer:
        try:
            queued = enqueue(tx, call.account, wanted.openid, new, origin="api", now=call.now)
        except NotFound as exc:
            raise at_field(404, "openid", str(exc)) from None
        stored = _found(tx, call.account, queued.id)
        reachable = is_reachable(tx, call, stored.openid)
        document = Queued(id=stored.id, state=stored.state, is_new=queued.is_new, reachable_now=reachable)
        return answer(202, document)

    return work


def is_reachable(tx: Transaction, call: Call, openid: str) -> bool:
    """Return whether a message to this user could start now."""
    open_now = any(grant.is_open(call.now) for grant in contacts.grants(tx, call.account, openid))
    return open_now and not gates.closed(tx, call.account, call.now)


def show_message(call: Call) -> Answer:
    """Tell a message's state and history."""
    return call.store.read(lambda tx: answer(200, _told(tx, call)))


def _told(tx: Transaction, call: Call) -> StoredMessage:
    found = _found(tx, call.account, call.place["id"])
    story = explanation(tx, call.account, found.id, call.now)
    return StoredMessage(
        id=found.id,
        openid=found.openid,
        state=found.state,
        origin=found.origin,
        message=json.loads(found.message),
        due_at=found.due_at,
        not_after=found.not_after,
        key=found.key,
        on_closed=found.on_closed,
        priority=found.priority,
        coalesce=found.coalesce,
        on_doubt=found.on_doubt,
        topic=found.topic,
        facts=json.loads(found.facts),
        rung=found.rung,
        attempts=found.attempts,
        now_zh=story.now_zh,
        now_en=story.now_en,
        history=[_step(one) for one in story.steps],
    )


def _step(one: Explained) -> Step:
    known = meaning(one.errcode) if one.errcode else None
    return Step(
        at=one.at,
        state=one.state,
        why=one.why,
        errcode=one.errcode,
        zh=known.zh if known else "",
        en=known.en if known else "",
        rid=one.rid,
        grant=one.grant,
        rung=one.rung,
        status=one.status,
        receipt=one.receipt,
        seen=[
            SeenGrant(kind=grant.kind, left=count(grant.left), expires_at=grant.expires_at) for grant in one.seen
        ],
    )


def cancel_message(call: Call) -> Answer:
    """Cancel a message that has not begun to go out; one cancelled before stays so."""

    def work(tx: Transaction) -> Answer:
        id = call.place["id"]
        before = _found(tx, call.account, id).state
        cancelled = outbox.cancel(tx, call.account, id, call.now, f"cancelled by API key {call.apikey}")
        if not cancelled and before != "cancelled":
            raise Problem(409, f"it is too late to cancel: message {id} is {_found(tx, call.account, id).state}")
        return answer(200, Cancelled(id=id))

    return call.store.write(work)


def _found(tx: Transaction, account: str, id: int) -> StoredFollowUp:
    found = outbox.show(tx, account, id) if id <= _LARGEST_ID else None
    if found is None:
        raise Problem(404, f"there is no message {id}")
    return found


OPERATIONS = (
    Operation(
        name="send_message",
        method="POST",
        path="/messages",
        scope="send",
        about="Queue a message; a sender delivers it as soon as the platform allows.",
        handle=send_message,
        status=202,
        answer=Queued,
        body=NewMessage,
    ),
    Operation(
        name="show_message",
        method="GET",
        path="/messages/{id}",
        scope="read",
        about="What became of a message, step by step, and why.",
        handle=show_message,
        status=200,
        answer=StoredMessage,
    ),
    Operation(
        name="cancel_message",
        method="DELETE",
        path="/messages/{id}",
        scope="cancel",
        about="Cancel a message that has not begun to go out; 409 when it is too late.",
        handle=cancel_message,
        status=200,
        answer=Cancelled,
        refuses={409: "It is too late."},
    ),
)
