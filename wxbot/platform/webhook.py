"""An operator's webhook: one signed POST, and the status that came back."""

from wxbot.platform.http_call import HEADERS, HttpCaller, Request
from wxbot.protocol.standard_webhook import signed_headers


class Webhook:
    """One receiver. Thread-safe; a call ends within its limit, follows no redirect and reads 64 KiB at most."""

    def __init__(self, url: str, key: bytes, *, limit: float) -> None:
        """`limit` is in seconds, `key` what the receiver checks signatures with."""
        self._url, self._key = url, key
        self._caller = HttpCaller(limit)

    def post(self, id: str, body: bytes, now: float) -> int:
        """POST a JSON body and return the HTTP status; raises Unanswered when there was none.

        `id` is the same in each try of one event; `now` (Unix seconds) is signed with it.
        """
        headers = {**HEADERS, **signed_headers(self._key, id, int(now), body)}
        return self._caller.answer(Request("POST", self._url, body, headers))[0]
