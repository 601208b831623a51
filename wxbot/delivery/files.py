"""What becomes of a message whose files could not be uploaded, or are not known to the platform any more.

Pure. An upload that failed has sent nothing to the user: it is only made again.
"""

from typing import TypeGuard

from wxbot.delivery.outcome import Outcome
from wxbot.errors import NotFound, NoToken, Refused, SendFailed, Unanswered
from wxbot.protocol.backoff import MAX_ATTEMPTS, delay
from wxbot.protocol.media import ids_in
from wxbot.protocol.reaction import Reaction, meaning
from wxbot.store.lanes import Head, Move

_LATER = 900.0  # seconds between tries while the platform takes no file at all of this account
_CLOSING = (Reaction.WAIT_MINUTE, Reaction.WAIT_DAY, Reaction.ACCOUNT_STOP, Reaction.TOKEN)
_UNKNOWN = (40007, 46001)  # no such media_id: expired early, or of another account


def unready(exc: SendFailed | NotFound, head: Head, now: float, jitter: float) -> Move:
    """Return what becomes of a message whose file was not uploaded; `jitter` in [0, 1) spreads the waits.

    No gate is closed: the account may go on to send what shows no file.
    """
    why = f"upload: {exc}"
    again = Move(state="queued", reason=why, attempts=1, ready_at=now + delay(head.attempts + 1, jitter))
    match exc:
        case Refused():
            return _refused(exc, head, again, now)
        case NoToken():
            return Move(state="queued", reason=why)
        case Unanswered():
            return again
        case _:
            return Move(state="refused", reason=why)


def _refused(exc: Refused, head: Head, again: Move, now: float) -> Move:
    found = meaning(exc.errcode)
    told = {"reason": f"upload: {exc.errcode} {found.zh}", "errcode": exc.errcode, "rid": exc.rid}
    if found.reaction in _CLOSING:
        return Move(state="queued", ready_at=now + _LATER, **told)  # type: ignore[arg-type]  # texts and a number
    if found.attempts and head.attempts + 1 < min(found.attempts, MAX_ATTEMPTS):
        return Move(state="queued", ready_at=again.ready_at, attempts=1, **told)  # type: ignore[arg-type]
    return Move(state="refused", attempts=1, **told)  # type: ignore[arg-type]


def is_unknown(exc: SendFailed) -> TypeGuard[Refused]:
    """Return whether the platform refused a message because of its media_id."""
    return isinstance(exc, Refused) and exc.errcode in _UNKNOWN


def to_renew(exc: Refused, stored: str, sent: str) -> Outcome:
    """Return the outcome of a message whose files have to be uploaded once more; `sent` is what was refused."""
    dead = tuple(media_id for media_id in ids_in(sent) if media_id not in ids_in(stored))
    why = f"{exc.errcode} {meaning(exc.errcode).zh}: its files are uploaded again"
    move = Move(state="queued", reason=why, errcode=exc.errcode, rid=exc.rid, attempts=1, told={"renew": True})
    return Outcome(move=move, give_back=True, dead=dead)
