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
