"""Template messages and subscription notifications as calls; each returns the platform's msgid.

Calls raise Refused, Unanswered, or NoToken (nothing was sent). Source: docs/platform.md §9.
"""

from typing import Any

from wxbot.platform.client import Client

_LARGEST = 2**63 - 1  # what the store can hold


class Notices:
    """One account's calls. Thread-safe; each ends within twice the transport's limit."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def template(self, body: bytes) -> int | None:
        """Send a template message; returning means the platform took it, now or under this key before."""
        return _msgid(self._client.accepted("/cgi-bin/message/template/send", body))

    def subscription(self, body: bytes) -> int | None:
        """Send a subscription notification; returning means the platform took it."""
        return _msgid(self._client.accepted("/cgi-bin/message/subscribe/bizsend", body))


def _msgid(answer: dict[str, Any]) -> int | None:
    """Return the answer's msgid, None for none: then nobody can tell which outcome is whose."""
    text = str(answer.get("msgid", ""))
    return int(text) if text.isascii() and text.isdecimal() and int(text) <= _LARGEST else None
