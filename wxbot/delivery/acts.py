"""What a person may do to a follow-up, by the state it is in."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, get_args

from wxbot.store import outbox
from wxbot.store.engine import Transaction

Act = Literal["retry", "cancel", "send_now"]
ACTS: tuple[Act, ...] = get_args(Act)
FITTING: Mapping[str, tuple[Act, ...]] = {
    "scheduled": ("send_now", "cancel"),
    "queued": ("retry", "cancel"),
    "held": ("retry", "cancel"),
    "doubtful": ("retry", "cancel"),
    "refused": ("retry",),
    "expired": ("retry",),
    "cancelled": ("retry",),
}

_DOES: Mapping[Act, Callable[[Transaction, str, int, float, str], bool]] = {
    "retry": outbox.retry,
    "cancel": outbox.cancel,
    "send_now": outbox.send_now,
}
_DOES_TO_MANY: Mapping[Act, Callable[[Transaction, str, Sequence[tuple[int, int]], float, str], int]] = {
    "retry": outbox.retry_many,
    "cancel": outbox.cancel_many,
    "send_now": outbox.send_now_many,
}
_WHY: Mapping[Act, str] = {
    "retry": "{name} tries again",
    "cancel": "{name} cancelled it",
    "send_now": "{name} sends it now",
}


def do(tx: Transaction, account: str, id: int, act: Act, *, name: str, now: float) -> bool:
    """Do this to a follow-up, and keep in its history who did; False when its state forbids it, or it is none.

    Whoever calls has its lane, or `outbox.hold_lanes` of its user.
    """
    return _DOES[act](tx, account, id, now, _WHY[act].format(name=name))


def do_to_many(
    tx: Transaction, account: str, found: Sequence[tuple[int, int]], act: Act, *, name: str, now: float
) -> int:
    """Do this to each of these, known by its number and its lane; return to how many it was done."""
    return _DOES_TO_MANY[act](tx, account, found, now, _WHY[act].format(name=name)) if found else 0
