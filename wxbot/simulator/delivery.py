"""Posting a push to the bot as the platform does: 5 seconds in all, then again, 3 deliveries.

Each attempt has a connection of its own, so that no attempt fails for a stale one.
Source: docs/platform.md §1.
"""

import itertools
import re
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import requests

from wxbot.simulator.checks import of_answer, of_request
from wxbot.simulator.exchanges import Exchange, Sent
from wxbot.simulator.pushes import Push, elements
from wxbot.simulator.replies import Reply, Useless, opened, read
from wxbot.simulator.stamps import sealed, signed, stamp
from wxbot.simulator.state import World

_ANSWER_CAP = 1_048_576  # bytes read of one answer
_AT_ONCE = 128  # deliveries under way; more wait their turn
_SYSTEM_ERROR = re.compile(r"\[Errno -?\d+\] ([^'\")]+)")
_HEADERS = {
    "Content-Type": "text/xml",
    "User-Agent": "Mozilla/4.0",
    "Pragma": "no-cache",
    "Connection": "close",
}


@dataclass(slots=True)
class Attempt:
    """One delivery: `status` 0 and an `error` when no complete answer came in time."""

    status: int = 0
    ms: int = 0
    body: str = ""
    plain: bytes = b""
    error: str = ""
    reply: Reply | None = None  # None: nothing for the phone

    @property
    def asks_for_another(self) -> bool:
        """Whether the platform tries again: no answer, or a server that says it cannot now (5xx)."""
        return self.status == 0 or self.status >= 500

    def shown(self) -> dict[str, Any]:
        """Return the attempt for the control page."""
        seen = {"status": self.status, "ms": self.ms, "body": self.body}
        return {**seen, "error": self.error} if self.error else seen


class Courier:
    """Takes pushes to one webhook; any number at once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._local = threading.local()
        self._numbers = itertools.count(1)  # of pushes; small, since pages read them with JavaScript
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="delivery")

    def deliver(self, push: Push, *, keep_nonce: bool = False) -> list[Attempt]:
        """Offer one push until it is answered, three times at the most.

        With `keep_nonce` all deliveries carry the same timestamp and nonce.
        """
        attempts: list[Attempt] = []
        number, given = next(self._numbers), stamp(self._world.now())
        while not attempts or (attempts[-1].asks_for_another and len(attempts) < self._world.config.deliveries):
            if attempts:
                time.sleep(self._world.config.repeat_after)
            given = given if keep_nonce or not attempts else stamp(self._world.now())
            attempt, exchange = self._attempt(push, *given)
            exchange.push, exchange.attempt = number, len(attempts) + 1
            self._world.exchanges.add(exchange)
            attempts.append(attempt)
        return attempts

    def verify(self) -> Attempt:
        """Ask the webhook to prove its token, as saving the server URL does: it must echo `echostr`."""
        echo = str(secrets.randbelow(10**19))
        query = {**signed(self._world.config.token, *stamp(self._world.now())), "echostr": echo}
        attempt, exchange = self._timed("GET", query, b"")
        if attempt.status == 200 and attempt.plain != echo.encode():
            attempt.error = exchange.note = "the body is not echostr"
        self._world.exchanges.add(exchange)
        return attempt

    def _attempt(self, push: Push, timestamp: str, nonce: str) -> tuple[Attempt, Exchange]:
        config, cipher = self._world.config, self._world.cipher
        query = {**signed(config.token, timestamp, nonce), "openid": push.openid}
        plain = push.xml(config.account)
        body = plain
        if config.mode != "plain":
            encrypted = cipher.encrypt(plain)
            query |= sealed(config.token, timestamp, nonce, encrypted)
            body = _enveloped(plain, encrypted, config.account, keep_plain=config.mode == "compat")
        attempt, exchange = self._timed("POST", query, body)
        exchange.checks += of_answer(attempt.plain, config.token)
        self._open(attempt, push)
        exchange.note = exchange.note or attempt.error
        exchange.kind, exchange.openid = push.type, push.openid
        if body is not plain:
            exchange.request_plain = plain.decode()
            exchange.response_plain = attempt.plain.decode("utf-8", "replace")
        usable = attempt.plain if attempt.status == 200 and not attempt.error else None
        exchange.sent = exchange.sent and replace(exchange.sent, plain=plain, answer=usable)
        return attempt, exchange

    def _open(self, attempt: Attempt, push: Push) -> None:
        """Decrypt a 200 in place and read it; what the platform cannot use gets an error."""
        if attempt.status != 200:
            return
        config = self._world.config
        try:
            attempt.plain = opened(attempt.plain, config.mode, config.token, self._world.cipher)
            if push.is_answerable:
                attempt.reply = read(attempt.plain, push.openid, to_event=push.is_event)
        except Useless as exc:
            attempt.error = str(exc)

    def _timed(self, method: str, query: dict[str, str], body: bytes) -> tuple[Attempt, Exchange]:
        world, limit = self._world, self._world.config.push_limit
        with world.lock:
            webhook = world.state.webhook
            world.state.ledger.pushes += method == "POST"
        began, attempt = time.monotonic(), Attempt()
        # In a pool thread, since `requests` limits each read and only leaving it behind limits the sum.
        talk = self._pool.submit(self._talk, method, webhook, query, body)
        try:
            attempt.status, attempt.plain = talk.result(timeout=limit)
        except TimeoutError:
            attempt.error = f"no complete answer within {limit:g} s"
        except requests.RequestException as exc:
            attempt.error = _why(exc)
        attempt.ms = round((time.monotonic() - began) * 1000)
        attempt.body = attempt.plain.decode("utf-8", "replace")
        url = requests.Request(method, webhook, params=query).prepare()
        return attempt, Exchange(
            "to_bot",
            method,
            url.path_url,
            world.now(),
            attempt.status,
            attempt.ms,
            body.decode(),
            attempt.body,
            note=attempt.error,
            checks=of_request(query, body, world.config.token),
            sent=Sent(str(url.url), body, _HEADERS["Content-Type"] if body else ""),
        )

    def _talk(self, method: str, webhook: str, query: dict[str, str], body: bytes) -> tuple[int, bytes]:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            self._local.session.trust_env = False  # the webhook is local; a proxy would only be in the way
        limit = self._world.config.push_limit
        until = time.monotonic() + limit
        with self._local.session.request(
            method,
            webhook,
            params=query,
            data=body,
            headers=_HEADERS,
            timeout=limit,
            allow_redirects=False,
            stream=True,
        ) as answer:
            content = b""
            for chunk in answer.iter_content(65_536):
                if time.monotonic() > until:
                    raise TimeoutError  # what came so far is no answer, though whoever waits may just look
                content += chunk
                if len(content) > _ANSWER_CAP:
                    break
            return answer.status_code, content


def _why(exc: requests.RequestException) -> str:
    """Return what went wrong in few words: the system's own, without the address that is shown beside it."""
    system = _SYSTEM_ERROR.search(str(exc))
    return system[1] if system else f"{type(exc).__name__}: {exc}"


def _enveloped(plain: bytes, encrypted: str, account: str, *, keep_plain: bool) -> bytes:
    """Return the AES-mode body: compatible mode keeps the plain elements beside `Encrypt`."""
    if keep_plain:
        return plain.removesuffix(b"</xml>") + elements({"Encrypt": encrypted}) + b"</xml>"
    return elements({"xml": {"ToUserName": account, "Encrypt": encrypted}})
