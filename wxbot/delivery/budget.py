"""What may go out now, and as what: a user's grants and waiting follow-ups in, a decision out. Pure.

The allowance is small (5 messages in 48 hours), so the last of it is kept for decisive messages,
normal texts that are due together go out as one, and the last but one asks the user to write.
Source: docs/platform.md §6.4.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wxbot.protocol.content import MAX_TEXT
from wxbot.protocol.outgoing import text_of
from wxbot.protocol.window import Grant, Kind, is_unlimited, spend
from wxbot.store.lanes import Head, Move

MAX_CRASHES = 3  # senders that may die at one message before it is set aside
_BETWEEN = "\n"  # what stands between texts that go out as one


@dataclass(frozen=True, slots=True)
class Budget:
    """How an account spends its allowance.

    `keep` messages of a 48-hour window are left to decisive follow-ups; `join` puts normal texts
    that are due together into one; `hint` is added to the last but one, "" for nothing.
    """

    keep: int = 1
    join: bool = True
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Awaited:
    """How many decisive follow-ups of a user wait elsewhere: due now, and later while the window is open."""

    due: int = 0
    later: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a follow-up whose turn it is; when it goes out, `grant` is what it spends.

    `text` is what goes out instead of its own message (None: its own), `joined` how many of those
    behind it go out in it.
    """

    move: Move
    grant: Grant | None = None
    text: str | None = None
    joined: int = 0


def decide(due: Sequence[Head], grants: Sequence[Grant], now: float, budget: Budget, awaited: Awaited) -> Decision:
    """Return what becomes of the first of the follow-ups due in one lane.

    A normal one never takes what an awaited decisive one needs, nor the last `keep` of a window.
    """
    first = due[0]
    if first.not_after is not None and now > first.not_after:
        return Decision(Move(state="expired", reason="not_after passed before it could be sent"))
    grant = spend(grants, now)
    if grant is None:
        return Decision(closed(first.on_closed, "the window is closed until the user writes again"))
    if first.priority == "normal" and _is_kept(grant, [one for one in grants if one.is_open(now)], budget, awaited):
        return Decision(closed(first.on_closed, "what is left of the window is kept for decisive messages"))
    limited = not is_unlimited(sum(one.left for one in grants if one.is_open(now)))
    text, joined = _joined(due, now) if budget.join and limited else (None, 0)
    text = _with_hint(first.message, text, budget.hint) if _is_last_but_one(grants, now) else text
    spent = Move(state="sending", spent=f"{grant.kind}:{grant.expires_at}", reason=_why(joined))
    return Decision(spent, grant, text, joined)


def _is_kept(grant: Grant, grants: Sequence[Grant], budget: Budget, awaited: Awaited) -> bool:
    """Return whether a normal message on this grant would cost a decisive one, or what is to be kept."""
    left = {one.kind: one.left for one in grants}
    spent = {**left, grant.kind: grant.left - 1}
    if _short(spent, awaited) > _short(left, awaited):
        return True
    return grant.kind == "message" and grant.left <= budget.keep


def _short(left: Mapping[Kind, int], awaited: Awaited) -> int:
    """Return how many awaited messages find nothing left; a one-minute grant serves only those due now."""
    for_window = awaited.later + max(0, awaited.due - left.get("action", 0))
    return max(0, for_window - left.get("message", 0))


def _is_last_but_one(grants: Sequence[Grant], now: float) -> bool:
    return sum(one.left for one in grants if one.is_open(now)) == 2


def _why(joined: int) -> str:
    return f"with the {joined} behind it in one message" if joined else ""


def _joined(due: Sequence[Head], now: float) -> tuple[str | None, int]:
    """Return the normal texts at the front as one, and how many follow the first; (None, 0) for none."""
    texts: list[str] = []
    for one in due:
        text = text_of(one.message)
        fits = text is not None and len(_BETWEEN.join([*texts, text]).encode()) <= MAX_TEXT
        if text is None or not fits or not _may_join(one, due[0], now):
            break
        texts.append(text)
    return (_BETWEEN.join(texts), len(texts) - 1) if len(texts) > 1 else (None, 0)


def _may_join(one: Head, first: Head, now: float) -> bool:
    """Return whether a follow-up may share a message with the first: normal, ready, and not refused before."""
    fresh = one.attempts == one.crashes == 0 and one.ready_at <= now
    useful = one.not_after is None or now <= one.not_after
    waiting = one is first or one.state in ("scheduled", "queued")  # what a dead sender had in hand is in doubt
    normal = one.priority == first.priority == "normal"
    return waiting and normal and fresh and useful and one.on_doubt == first.on_doubt


def _with_hint(message: str, joined: str | None, hint: str) -> str | None:
    """Return the text with the hint below it where it fits, else what it was."""
    text = joined if joined is not None else text_of(message)
    whole = f"{text}\n\n{hint}"
    return whole if text is not None and hint and len(whole.encode()) <= MAX_TEXT else joined


def closed(on_closed: str, why: str, errcode: int = 0) -> Move:
    """Return what a follow-up becomes that finds the window closed to it."""
    if on_closed == "drop":
        return Move(state="expired", reason=f"{why}; on_closed is drop", errcode=errcode)
    return Move(state="held", reason=why, errcode=errcode)


def after_crash(head: Head, *, keyed: bool = False) -> Move:
    """Return what becomes of a follow-up that a sender which is gone had in hand.

    Before its bytes could leave it is simply queued again; after that it may have arrived, and its
    `on_doubt` decides, unless its call was `keyed`: made again, that cannot double it. Three such ends
    set it aside, so that one bad message cannot kill for ever.
    """
    doubt = head.state == "sending"
    told = {"rung": head.rung, "doubt": True} if doubt and head.rung != "window" else {}
    if head.crashes + 1 >= MAX_CRASHES:
        return Move(state="refused", reason=f"{MAX_CRASHES} senders ended while they had it", crashes=1, told=told)
    if doubt and head.on_doubt == "park" and not keyed:
        why = "its sender ended while sending: it may have arrived"
        return Move(state="doubtful", reason=why, crashes=1, told=told)
    why = "its sender ended while sending: sent again" if doubt else "its sender ended before sending"
    return Move(state="queued", reason=why, crashes=1, told=told)
