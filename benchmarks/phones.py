"""The travellers' side of the simulated platform, over HTTP: meet, act, look at the phone and the ledger."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import urllib3

from benchmarks.travellers import Act

_AT_ONCE = 8  # requests under way; more only wait for each other on two cores
_PATIENCE = 30.0  # seconds for one request


class Phones:
    """Every traveller's phone at the platform that listens at `platform`."""

    def __init__(self, platform: str) -> None:
        self._platform = platform
        # time stands still for longer than a server keeps a connection open: each request has its own
        self._http = urllib3.PoolManager(timeout=_PATIENCE, retries=False, headers={"Connection": "close"})
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="phones")
        self._openids: list[str] = []

    def meet(self, count: int) -> None:
        """Let so many people follow the account, the same in every run."""
        self._openids = [f"oTraveller{number:018}" for number in range(count)]  # as long as real ones
        list(self._pool.map(lambda openid: self._ask("POST", "/sim/users", {"openid": openid}), self._openids))

    def act(self, acts: Iterable[tuple[int, Act]]) -> None:
        """Let travellers act, all at once; returns when each has seen the answer."""
        list(self._pool.map(lambda one: self._act(*one), acts))

    def shown(self) -> Iterable[list[dict[str, Any]]]:
        """Yield what is on each traveller's phone, in order."""
        return self._pool.map(self._shown, self._openids)

    def ledger(self) -> dict[str, Any]:
        """Return the platform's own counts."""
        return self._ask("GET", "/sim/ledger")

    def _act(self, number: int, act: Act) -> None:
        self._ask("POST", f"/sim/users/{self._openids[number]}/actions", _PUSHES[act.does] | _said(act))

    def _shown(self, openid: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self._ask("GET", f"/sim/users/{openid}/phone")["items"]
        return items

    def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        raw = None if method == "GET" else json.dumps(body or {}, ensure_ascii=False).encode()
        answer = self._http.request(method, self._platform + path, body=raw)
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.data[:500]!r}")
        found: dict[str, Any] = json.loads(answer.data)
        return found


def _said(act: Act) -> dict[str, str]:
    return {"content": act.flight} if act.does == "ask" else {}


_PUSHES: dict[str, dict[str, str]] = {
    "ask": {"type": "text"},
    "write": {"type": "text", "content": "谢谢"},
    "tap": {"type": "CLICK", "eventkey": "HELP"},
    "leave": {"type": "unsubscribe"},
}
