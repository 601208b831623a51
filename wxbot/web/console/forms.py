"""What addresses and forms say, read."""

from flask import request


def here() -> str:
    """Return the path of the page that is asked for, with all it asks."""
    return request.script_root + request.full_path.rstrip("?")


def number(text: str) -> int | None:
    """Return a number of the store's, None for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None
