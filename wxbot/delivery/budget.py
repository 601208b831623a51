"""What may go out now. Pure: grants and time in, a decision out.

Source: docs/platform.md §6.4.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from wxbot.protocol.window import Grant, spend
from wxbot.store.lanes import Head, Move

MAX_CRASHES = 3  # senders that may die at one message before it is set aside


@dataclass(frozen=True, slots=True)
class Decision:
    """What a follow-up becomes; when that is `sending`, `grant` is what it spends."""

    move: Move
    grant: Grant | None = None


def decide(head: Head, grants: Sequence[Grant], now: float) -> Decision:
    """Return what becomes of the follow-up whose turn it is."""
    if head.not_after is not None and now > head.not_after:
        return Decision(Move(state="expired", reason="not_after passed before it could be sent"))
    grant = spend(grants, now)
    if grant is not None:
        return Decision(Move(state="sending", spent=f"{grant.kind}:{grant.expires_at}"), grant)
    return Decision(closed(head.on_closed, "the window is closed until the user writes again"))


def closed(on_closed: str, why: str, errcode: int = 0) -> Move:
    """Return what a follow-up becomes that finds the window closed."""
    if on_closed == "drop":
        return Move(state="expired", reason=f"{why}; on_closed is drop", errcode=errcode)
    return Move(state="held", reason=why, errcode=errcode)


def after_crash(head: Head) -> Move:
    """Return what becomes of a follow-up that a sender which is gone had in hand.

    Before its bytes could leave it is simply queued again; after that it may have arrived, and its
    `on_doubt` decides. Three such ends set it aside, so that one bad message cannot kill for ever.
    """
    doubt = head.state == "sending"
    if head.crashes + 1 >= MAX_CRASHES:
        return Move(state="refused", reason=f"{MAX_CRASHES} senders ended while they had it", crashes=1)
    if doubt and head.on_doubt == "park":
        return Move(state="doubtful", reason="its sender ended while sending: it may have arrived", crashes=1)
    why = "its sender ended while sending: sent again" if doubt else "its sender ended before sending"
    return Move(state="queued", reason=why, crashes=1)
