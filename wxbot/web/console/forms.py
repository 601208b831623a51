"""What addresses and forms say, read."""


def number(text: str) -> int | None:
    """Return a number of the store's, None for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None
