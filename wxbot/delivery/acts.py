"""What a person may do to a follow-up, by the state it is in."""

from collections.abc import Callable, Mapping
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
