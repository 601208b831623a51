"""Calls to one platform address: the object that came back, or what is known about why none did."""

import json
from collections.abc import Mapping
from typing import Any

import requests

from wxbot.errors import Unanswered
from wxbot.platform.http_call import HEADERS, MAX_ANSWER, HttpCaller


class Transport:
    """Calls to one platform address. Thread-safe."""

    def __init__(self, api_base: str, *, limit: float = 8.0) -> None:
        """Take the platform's address, and the seconds a whole call may last."""
        self._base, self.limit = api_base.rstrip("/"), limit
        self._caller = HttpCaller(limit)

    def post(self, path: str, query: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """POST JSON and return the answer's object, whatever its errcode; raises Unanswered."""
        return self._send("POST", path, query, body)

    def get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """GET and return the answer's object, whatever its errcode; raises Unanswered."""
        return self._send("GET", path, query, None)

    def _send(self, method: str, path: str, query: Mapping[str, str], body: bytes | None) -> dict[str, Any]:
        request = requests.Request(method, self._base + path, params=dict(query), data=body, headers=HEADERS)
        return _object(*self._caller.answer(request))


def _object(status: int, answer: bytes) -> dict[str, Any]:
    if status != 200:
        raise Unanswered(f"HTTP {status}", delivered_maybe=True)
    if len(answer) > MAX_ANSWER:
        raise Unanswered(f"an answer of more than {MAX_ANSWER} bytes", delivered_maybe=True)
    try:
        value = json.loads(answer)
    except (ValueError, RecursionError):
        raise Unanswered(f"{len(answer)} bytes that are not JSON", delivered_maybe=True) from None
    if not isinstance(value, dict):
        raise Unanswered("JSON that is not an object", delivered_maybe=True)
    return value
