"""What may go out now, and as what: a user's grants and waiting follow-ups in, a decision out. Pure.

The allowance is small (5 messages in 48 hours), so the last of it is kept for decisive messages,
texts that are due together go out as one, and the last but one asks the user to write.
Source: docs/platform.md §6.4.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from math import inf
from typing import Any

from wxbot.protocol.content import MAX_TEXT
from wxbot.protocol.outgoing import text_of
from wxbot.protocol.window import MARGIN, Grant, is_unlimited, spend
from wxbot.store.lanes import Head, Move

MAX_CRASHES = 3  # senders that may die at one message before it is set aside
TOO_LATE = Move(state="expired", reason="not_after passed before it could be sent")
_BETWEEN = "\n"  # what stands between texts that go out as one
_BEING_MADE = 1.0  # seconds to look again for what is due and not in the outbox yet


@dataclass(frozen=True, slots=True)
class Budget:
    """How an account spends its allowance.

    `keep` messages of a 48-hour window are left to decisive follow-ups that nobody has planned. Texts that are
    due together go out as one, and normal ones wait up to `join` seconds for each other; None for never.
    `hint` is added to the last but one, "" for nothing.
    """

    keep: int = 1
    join: float | None = 0.0
    hint: str = ""

    @property
    def ahead(self) -> float:
        """For how many seconds a message may wait for others."""
        return self.join or 0.0


@dataclass(frozen=True, slots=True)
class Awaited:
    """What else a user is to get: when each decisive one is due, and the last normal one of the joining span.

    Unix seconds; `normal` is None when nothing is to come. From `quiet_from` on quiet hours hold for one of
    those that are due: nothing waits beyond. `is_over` when nothing decisive can come that nobody
    has planned: only then is nothing kept for it.
    """

    decisive: Sequence[float] = ()
    normal: float | None = None
    is_over: bool = False
    quiet_from: float = inf


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


def decide(  # the two sides of a balance, and the rules
    due: Sequence[Head],
    grants: Sequence[Grant],
    now: float,
    budget: Budget,
    awaited: Awaited,
    *,
    repeats: bool = False,
) -> Decision:
    """Return what becomes of the first of these follow-ups of one lane: it is due, others may be soon.

    A normal one never takes what an awaited decisive one needs, nor the `keep` that those unknown may need.
    With `repeats` they went out as one and may have arrived: they go as one again, whatever else waits.
    """
    first = due[0]
    if first.not_after is not None and now > first.not_after:
        return Decision(TOO_LATE)
    usable = [one for one in grants if one.is_open(now)]
    seen = {"seen": [[one.kind, one.left, one.expires_at] for one in grants if one.expires_at]}
    grant = spend(usable, now)
    if grant is None:
        closed_to_all = closed(first.on_closed, "the window is closed until the user writes again")
        return Decision(replace(closed_to_all, told=seen))
    if first.priority == "normal" and _is_kept(grant, usable, budget, awaited):
        kept = closed(first.on_closed, "what is left of the window is kept for decisive messages")
        return Decision(replace(kept, told=seen))
    joins = _may_be_joined(due, usable, budget, awaited)
    if joins and not repeats and (until := _worth_waiting(due, grant, now, budget.ahead, awaited)) is not None:
        return Decision(
            Move(state="queued", ready_at=until, reason="waits for what is due soon, to go out with it")
        )
    together = due if repeats else _group(_ready(due, now), now) if joins else []
    text, joined = _joined(together)
    text = _with_hint(first.message, text, budget.hint) if sum(one.left for one in usable) == 2 else text
    spent = Move(state="sending", spent=f"{grant.kind}:{grant.expires_at}", reason=_why(joined), told=seen)
    return Decision(spent, grant, text, joined)


def _may_be_joined(due: Sequence[Head], usable: Sequence[Grant], budget: Budget, awaited: Awaited) -> bool:
    """Return whether there is something to share a message with, and a reason to: an allowance that ends."""
    is_alone = len(due) == 1 and awaited.normal is None
    return budget.join is not None and not is_alone and not is_unlimited(sum(one.left for one in usable))


def _is_kept(grant: Grant, usable: Sequence[Grant], budget: Budget, awaited: Awaited) -> bool:
    """Return whether a normal message on this grant would cost a decisive one, planned or yet unknown."""
    without = [replace(one, left=one.left - 1) if one is grant else one for one in usable]
    windows = [one.expires_at - MARGIN[one.kind] - 1 for one in usable if one.kind == "message"]
    unknown = [] if awaited.is_over else windows * budget.keep  # at the end, when no minute's grant is left
    decisive = [*awaited.decisive, *unknown]
    return _short(without, decisive) > _short(usable, decisive)


def _short(grants: Sequence[Grant], decisive: Sequence[float]) -> int:
    """Return how many of the awaited messages will find nothing left, each spending what ends soonest."""
    soonest = sorted(grants, key=lambda one: one.expires_at)
    left = [one.left for one in soonest]
    short = 0
    for due_at in sorted(decisive):
        at = next((number for number, one in enumerate(soonest) if left[number] > 0 and one.is_open(due_at)), None)
        if at is None:
            short += 1
        else:
            left[at] -= 1
    return short


def _worth_waiting(due: Sequence[Head], grant: Grant, now: float, span: float, awaited: Awaited) -> float | None:
    """Return until when the first should wait for texts that can go out with it; None for not at all.

    Never past the window or its own end, nor into quiet hours, nor while a one-minute grant runs down; a
    decisive one never waits.
    """
    first, group = due[0], _group(due, now)
    end = first.due_at + span
    to_come = [one.ready_at for one in group if one.ready_at > now]
    if group and awaited.normal is not None:
        to_come.append(max(awaited.normal, now + _BEING_MADE))
        end += 2 * _BEING_MADE
    until = max((one for one in to_come if one <= end and one < awaited.quiet_from), default=None)
    if until is None or first.priority == "decisive" or grant.kind == "action" or not grant.is_open(until):
        return None
    too_late = any(one.not_after is not None and until > one.not_after for one in group)
    return None if too_late else until


def _why(joined: int) -> str:
    return f"with the {joined} behind it in one message" if joined else ""


def _joined(together: Sequence[Head]) -> tuple[str | None, int]:
    """Return these texts as one, and how many follow the first; or (None, 0)."""
    texts = [text_of(one.message) or "" for one in together]
    return (_BETWEEN.join(texts), len(texts) - 1) if len(texts) > 1 else (None, 0)


def _ready(due: Sequence[Head], now: float) -> list[Head]:
    """Return those at the front that may go now."""
    return list(takewhile(lambda one: one.ready_at <= now, due))


def _group(due: Sequence[Head], now: float) -> list[Head]:
    """Return the follow-ups at the front whose texts may share a message and fit into it."""
    group: list[Head] = []
    size = -len(_BETWEEN)
    for one in due:
        text = text_of(one.message)
        size += len(_BETWEEN) + len((text or "").encode())
        if text is None or size > MAX_TEXT or not _may_join(one, due[0], now):
            break
        group.append(one)
    return group


def _may_join(one: Head, first: Head, now: float) -> bool:
    """Return whether a follow-up may share a message with the first: as decisive, useful, not refused before."""
    fresh = one.attempts == one.crashes == 0
    useful = one.not_after is None or now <= one.not_after
    waiting = one is first or one.state in ("scheduled", "queued")  # what a dead sender had in hand is in doubt
    alike = (one.priority, one.on_doubt) == (first.priority, first.on_doubt)
    return waiting and alike and fresh and useful


def _with_hint(message: str, joined: str | None, hint: str) -> str | None:
    """Return the text with the hint below it where it fits, else what it was."""
    text = joined if joined is not None else text_of(message)
    whole = f"{text}\n\n{hint}"
    return whole if text is not None and hint and len(whole.encode()) <= MAX_TEXT else joined


def repeated(history: Sequence[Mapping[str, Any]]) -> set[int]:
    """Return which others went out with a follow-up in its last try, when that may have arrived; else none."""
    others: set[int] = set()
    in_doubt = False
    for entry in history:
        if entry["state"] == "sending":
            others, in_doubt = set(entry.get("joined", ())), False
        in_doubt = in_doubt or bool(entry.get("again"))
    return others if in_doubt else set()


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
    told = {"again": True} if head.rung == "window" else {"rung": head.rung, "doubt": True}
    told = told if doubt else {}
    if head.crashes + 1 >= MAX_CRASHES:
        return Move(state="refused", reason=f"{MAX_CRASHES} senders ended while they had it", crashes=1, told=told)
    if doubt and head.on_doubt == "park" and not keyed:
        why = "its sender ended while sending: it may have arrived"
        return Move(state="doubtful", reason=why, crashes=1, told=told)
    why = "its sender ended while sending: sent again" if doubt else "its sender ended before sending"
    return Move(state="queued", reason=why, crashes=1, told=told)
