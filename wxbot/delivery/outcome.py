"""What one call to the platform means for the message, its user and its account.

Pure: the answer and the row in, the changes out. The reactions are data (`protocol.reaction`).
"""

import json
from dataclasses import dataclass, replace

from wxbot.delivery.budget import closed
from wxbot.errors import NoToken, Refused, SendFailed, Unanswered
from wxbot.protocol.backoff import MAX_ATTEMPTS, delay
from wxbot.protocol.content import split_text
from wxbot.protocol.outgoing import dumps
from wxbot.protocol.reaction import Meaning, Reaction, gate_seconds, meaning, probe_seconds
from wxbot.store.gates import Gate, Interface
from wxbot.store.lanes import Head, Move

TOKEN_PAUSE = 10.0  # seconds an account rests when two tokens in a row were refused
_SHORT = 200  # bytes; a text that is too long at this length is not refused for its length


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Everything one call changes. The grant goes back where nothing was delivered."""

    move: Move
    give_back: bool = False
    close_windows: bool = False  # the platform says the user cannot be reached
    cancel_rest: str = ""  # why all else for this user is cancelled
    gate: Gate | None = None
    dead: tuple[str, ...] = ()  # media_ids that the platform does not know any more
    before: str | None = None  # the first part of a text that had to be split, to go before what is left of it


def sent() -> Outcome:
    """Return the outcome of an accepted message."""
    return Outcome(move=Move(state="sent"))


def failed(exc: SendFailed, head: Head, now: float, jitter: float) -> Outcome:
    """Return the outcome of a call that did not succeed; `jitter` in [0, 1) spreads the waits."""
    match exc:
        case Refused():
            return _refused(exc, head, now, jitter)
        case Unanswered(delivered_maybe=True):
            return _in_doubt(str(exc), head, now, jitter)
        case NoToken():
            return Outcome(move=Move(state="queued", reason=str(exc)), give_back=True)
        case _:
            # Nothing left this machine: that is no fault of the message, however often it happens.
            wait = delay(head.attempts + 1, jitter)
            why = f"no connection to the platform: {exc}"
            return Outcome(move=_again(why, now + wait), give_back=True)


def apart(result: Outcome) -> Outcome:
    """Return the outcome of several follow-ups that went out as one message.

    A refusal of their joint text says nothing about each: they are sent one by one. Neither does a closed
    window, since each has its own on_closed.
    """
    if result.move.state not in ("refused", "held", "expired") and result.before is None:
        return result
    move = Move(
        state="queued", reason=f"{result.move.reason}: sent one by one", errcode=result.move.errcode, attempts=1
    )
    return Outcome(move=move, give_back=True, close_windows=result.close_windows, cancel_rest=result.cancel_rest)


def _again(why: str, ready_at: float, errcode: int = 0, rid: str = "") -> Move:
    return Move(state="queued", reason=why, ready_at=ready_at, attempts=1, errcode=errcode, rid=rid)


def _in_doubt(why: str, head: Head, now: float, jitter: float) -> Outcome:
    """The bytes left and no usable answer came: the message may have arrived, and it keeps its grant."""
    if head.on_doubt == "park" or head.attempts + 1 >= MAX_ATTEMPTS:
        return Outcome(move=Move(state="doubtful", reason=f"{why}: it may have arrived", attempts=1))
    move = _again(f"{why}: sent again, it may arrive twice", now + delay(head.attempts + 1, jitter))
    return Outcome(move=replace(move, told={"again": True}))


def _refused(exc: Refused, head: Head, now: float, jitter: float) -> Outcome:
    found = meaning(exc.errcode)
    why = f"{exc.errcode} {found.zh}"
    match found.reaction:
        case Reaction.WAIT_USER:
            # With template the next claim finds the window closed, and goes down the ladder.
            ends = Move(state="queued", reason=why) if head.on_closed == "template" else closed(head.on_closed, why)
            return Outcome(move=_told(ends, exc), close_windows=True)
        case Reaction.WAIT_MINUTE | Reaction.WAIT_DAY | Reaction.ACCOUNT_STOP | Reaction.TOKEN:
            closing = gate(exc, found, now, jitter)
            return Outcome(move=_told(Move(state="queued", reason=why), exc), give_back=True, gate=closing)
        case Reaction.USER_OFF:
            move = _told(Move(state="refused", reason=why), exc)
            return Outcome(move=move, give_back=True, close_windows=True, cancel_rest=why)
        case Reaction.SPLIT | Reaction.WITHOUT_KF:
            return _mended(exc, head, why, now)
        case Reaction.DROP:
            return Outcome(move=_told(Move(state="refused", reason=why), exc), give_back=True)
        case _:
            return _bounded(exc, head, found, now, jitter)


def _told(move: Move, exc: Refused) -> Move:
    """Return the move with what the platform said, for the history."""
    return Move(state=move.state, reason=move.reason, errcode=exc.errcode, rid=exc.rid, ready_at=move.ready_at)


def _bounded(exc: Refused, head: Head, found: Meaning, now: float, jitter: float) -> Outcome:
    """A passing fault: a bounded number of tries."""
    why = f"{exc.errcode} {found.zh}"
    if head.attempts + 1 >= (found.attempts or 1):
        move = Move(state="refused", reason=why, errcode=exc.errcode, rid=exc.rid, attempts=1)
        return Outcome(move=move, give_back=True)
    move = _again(why, now + delay(head.attempts + 1, jitter), exc.errcode, exc.rid)
    return Outcome(move=move, give_back=True)


def gate(exc: Refused, found: Meaning, now: float, jitter: float, *, interface: Interface = "send") -> Gate:
    """Return the gate that a refusal closes: for as long as the platform's answer means."""
    span = gate_seconds(exc.errcode, now, jitter) or TOKEN_PAUSE
    probe = probe_seconds(exc.errcode)
    why = f"{found.zh} / {found.en}"
    return Gate(interface, now + span, exc.errcode, why, now, now + probe if probe else None)


def _mended(exc: Refused, head: Head, why: str, now: float) -> Outcome:
    """Send again what can be mended: a long text in two parts, a message without its unknown agent."""
    message = json.loads(head.message)
    refused = Outcome(move=_told(Move(state="refused", reason=why), exc), give_back=True)
    if meaning(exc.errcode).reaction is Reaction.WITHOUT_KF:
        if message.pop("customservice", None) is None:
            return refused
        return _resend(exc, why, dumps(message), now)
    if message["msgtype"] != "text":
        return refused
    text = message["text"]["content"]
    size = len(text.encode())
    parts = split_text(text, size // 2 + 4)
    if size < _SHORT or len(parts) < 2:
        return refused
    first, rest = (
        {**message, "text": {"content": part}} for part in (parts[0], text[len(parts[0]) :].lstrip("\n"))
    )
    return _resend(exc, why, dumps(rest), now, before=dumps(first))


def _resend(exc: Refused, why: str, message: str, now: float, before: str | None = None) -> Outcome:
    move = Move(state="queued", reason=why, errcode=exc.errcode, rid=exc.rid, message=message, ready_at=now)
    return Outcome(move=move, give_back=True, before=before)
