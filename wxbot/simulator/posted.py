"""JSON bodies as the platform reads them: UTF-8 taken as it stands, `\\uXXXX` never decoded.

A sender that escapes its text sees the escapes arrive on the phone, letter by letter.
Source: docs/platform.md §5 and §10.
"""

import json
import re
from typing import Any

from wxbot.simulator.errcodes import ApiRefusal

_ESCAPE = re.compile(r"((?<!\\)(?:\\\\)*)\\u([0-9a-fA-F]{4})")


def posted(raw: bytes) -> dict[str, Any]:
    """Return the object in `raw`; raises ApiRefusal 44002 when empty, 47001 when it is no JSON object."""
    if not raw.strip():
        raise ApiRefusal(44002)
    try:
        body = json.loads(_ESCAPE.sub(r"\1\\\\u\2", raw.decode("utf-8")))
    except (ValueError, RecursionError):
        raise ApiRefusal(47001) from None
    if not isinstance(body, dict):
        raise ApiRefusal(47001)
    return body


def text_of(value: object) -> str:
    """Return a string value, or "" for anything else: the platform ignores what it cannot read."""
    return value if isinstance(value, str) else ""
