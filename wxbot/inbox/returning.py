"""A user is back: what was held for them goes into the passive reply, where it costs nothing.

Source: docs/platform.md §6.4.
"""

from collections.abc import Collection
from dataclasses import dataclass

from wxbot.protocol.content import MAX_TEXT, Content, Text
from wxbot.protocol.messages import Push
from wxbot.protocol.outgoing import text_of
from wxbot.protocol.replies import takes_reply
from wxbot.store import outbox
from wxbot.store.engine import Transaction

_BETWEEN = "\n\n"  # what stands between what was held and the answer


@dataclass(frozen=True, slots=True)
class Return:
    """What the reply becomes, which held follow-ups are in it, and which are too late to say."""

    reply: Content | None
    told: tuple[int, ...] = ()
    late: tuple[int, ...] = ()


def returning(
    tx: Transaction, account: str, push: Push, reply: Content | None, now: float, leaving: Collection[str] = ()
) -> Return:
    """Return the reply with as many held texts before it as fit, but of topics in `leaving`; changes nothing."""
    if not takes_reply(push) or not isinstance(reply, Text | None):
        return Return(reply)
    answer = [] if reply is None else [reply.content]
    texts: list[str] = []
    told, late = [], []
    for id, message, not_after, topic in outbox.held(tx, account, push.openid):
        if topic in leaving:
            continue
        text = text_of(message)
        if not_after is not None and now > not_after:
            late.append(id)
        elif text is None or len(_BETWEEN.join([*texts, text, *answer]).encode()) > MAX_TEXT:
            break  # what comes after it must not overtake it
        else:
            texts.append(text)
            told.append(id)
    whole = Text(_BETWEEN.join([*texts, *answer])) if texts else reply
    return Return(whole, tuple(told), tuple(late))


def keep(tx: Transaction, account: str, result: Return, now: float) -> None:
    """Store what became of the held follow-ups."""
    for id in result.told:
        outbox.release_held(tx, account, id, now, "sent", "in the reply to the user's return: it cost nothing")
    for id in result.late:
        outbox.release_held(tx, account, id, now, "expired", "not_after passed while it was held")
