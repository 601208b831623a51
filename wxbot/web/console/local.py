"""Moments as people type them into a form: without a zone, which is the console's."""

from datetime import datetime
from zoneinfo import ZoneInfo

from wxbot.reply.context import LATEST


def moment_of(text: str, zone: ZoneInfo) -> float:
    """Return the moment of `2026-11-25T14:05`, to the second; ValueError for anything else.

    Where the clocks go back a time comes twice, and the first one counts.
    """
    local = datetime.fromisoformat(text.strip())
    if local.tzinfo is not None or "T" not in text:
        raise ValueError(f"{text!r} is not a local time such as 2026-11-25T14:05")
    try:
        at = local.replace(tzinfo=zone).timestamp()
    except OverflowError as exc:
        raise ValueError(str(exc)) from None
    if not 0 <= at <= LATEST:
        raise ValueError(f"{text!r} is no time of ours")
    return at


def typed(at: float | None, zone: ZoneInfo) -> str:
    """Return a moment as a form shows it, to the minute or where it has seconds to the second; "" for none."""
    if at is None:
        return ""
    local = datetime.fromtimestamp(int(at), zone)
    return f"{local:%Y-%m-%dT%H:%M:%S}" if local.second else f"{local:%Y-%m-%dT%H:%M}"
