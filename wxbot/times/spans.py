"""Spans of time as people write them: `2h`, `40m`, `1d2h30m`."""

import re

_SPAN = re.compile(r"(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?", re.ASCII)
_SECONDS = (86_400, 3600, 60, 1)


def parse_span(text: str) -> int:
    """Return the seconds of a span; raises ValueError, with what is expected, for anything else."""
    found = _SPAN.fullmatch(text.strip())
    if not found or not any(found.groups()):
        raise ValueError(f"{text!r} is not a span of time such as 2h, 40m or 1d2h30m")
    return sum(int(count or 0) * size for count, size in zip(found.groups(), _SECONDS, strict=True))


def format_span(seconds: int) -> str:
    """Return a span as `parse_span` reads it: `2h20m`."""
    parts = []
    for size, unit in zip(_SECONDS, "dhms", strict=True):
        count, seconds = divmod(seconds, size)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0s"


def parse_offset(text: str) -> int:
    """Return the seconds of `T-40m`, `T` or `T+2h20m+2d` from the moment T; ValueError for anything else."""
    first, *parts = re.split(r"([+-])", text.strip())
    if first.strip() != "T":
        raise ValueError(f"{text!r} is no time such as T-40m, T or T+2h20m")
    return sum(
        parse_span(span) * (-1 if sign == "-" else 1) for sign, span in zip(parts[::2], parts[1::2], strict=True)
    )
