"""Bugs and crash points that a scoreboard run plants into a process before it works; never in the product.

A figure that cannot go red does not count, so each has a twin that runs with one of these.
`python -m benchmarks.sabotage BUG MODULE ARGUMENT...` runs a module with a bug; BUG may be `none`.
"""

import hmac
import os
import runpy
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from itertools import count
from pathlib import Path
from typing import Any

from wxbot import app  # all of the product is imported, and so can be changed
from wxbot.cli import processes
from wxbot.delivery import calling, claims, sender, settling
from wxbot.inbox import accept
from wxbot.platform import access_token, http_call, transport
from wxbot.protocol import envelope, replies
from wxbot.protocol import signature as signature_of
from wxbot.store import contacts, lanes, pushes, sqlite, tokens, turns
from wxbot.store.lanes import Move

CRASHED = 9  # the exit status of a process that ended at a crash point


def plant(bug: str | None) -> None:
    """Change this process; `bug` is a name in BUGS, or `crash:POINT:NTH:FILE`, or several with `+` between."""
    for one in (bug or "").split("+"):
        if one.startswith("crash:"):
            _, point, nth, once = one.split(":")
            _crash_at(*POINTS[point], int(nth), once)
        elif one not in ("", "none"):
            BUGS[one]()


def _resend_after_crash() -> None:
    """Send again whatever a sender that is gone had in hand, as most queues do."""
    again = Move(state="queued", reason="its lease is over", crashes=1)
    vars(claims)["after_crash"] = lambda head, **more: again


def _answer_before_commit() -> None:
    """Answer a push while its transaction is still to come."""
    commit = accept.Inbox._commit

    def early(self: Any, delivery: Any, answer: Any, seal: Any, now: float, began: float) -> bytes:
        def later() -> None:
            time.sleep(0.05)
            commit(self, delivery, answer, seal, now, began)

        threading.Thread(target=later).start()
        passive, _ = replies.passive_and_rest(answer.reply, delivery.push)
        return replies.NO_REPLY if passive is None else seal(replies.reply_xml(passive, delivery.push, int(now)))

    accept.Inbox._commit = early  # type: ignore[method-assign]


def _no_dedupe() -> None:
    """Remember answered pushes in this process only, as WeChat SDKs do."""
    known: dict[str, bytes] = {}
    numbers, insert = count(), pushes.insert

    def keep(tx: Any, arrival: Any) -> int | None:
        known[arrival.push_key] = arrival.reply
        fields = {name: getattr(arrival, name) for name in arrival.__slots__}
        return insert(
            tx, pushes.Arrival(**{**fields, "push_key": f"{arrival.push_key} {os.getpid()} {next(numbers)}"})
        )

    pushes.insert = keep
    look = pushes.known
    pushes.reply_to = lambda tx, account, push_key: known.get(push_key)
    pushes.known = lambda tx, account, push_key, *of: (known.get(push_key), look(tx, account, push_key, *of)[1])


def _check_then_send() -> None:
    """Look at the window and never take from it."""
    contacts.spend = lambda tx, account, openid, grant: True


def _timeout_is_busy() -> None:
    """Take every call without an answer for one that never left."""
    http_call._has_left = lambda: False


def _everybody_refreshes() -> None:
    """Let each process fetch its own token."""
    tokens.take_refresh = lambda tx, account, token, lease: True
    access_token._CACHE = 0.0


def _deferred_begin() -> None:
    """Begin transactions as SQLite does by default, and without the queue that would hide it."""
    sqlite.SQLiteConnections.begin_write = "BEGIN"
    turns.Turns.taken = lambda self: nullcontext()  # type: ignore[method-assign, assignment, return-value]


def _no_drain() -> None:
    """End what is replaced by SIGKILL, with what it was doing."""

    def killed(self: Any, child: Any) -> None:
        os.killpg(child.process.pid, signal.SIGKILL)

    processes.Processes._let_go = killed  # type: ignore[method-assign]


def _leak() -> None:
    """Keep a file open, and its push, for each push that is answered."""
    kept: list[Any] = []
    answer = accept.Inbox.accept

    def keep(self: Any, delivery: Any, seal: Any) -> bytes:
        kept.append((delivery, Path(os.devnull).open()))  # noqa: SIM115  # that is the bug
        return answer(self, delivery, seal)

    accept.Inbox.accept = keep  # type: ignore[method-assign]


def _newest_first() -> None:
    """Take the newest of what is due in a lane first."""
    for name in ("_DUE", "_RELEASE"):
        vars(lanes)[name] = vars(lanes)[name].replace("ORDER BY due_at, id", "ORDER BY due_at DESC, id DESC")


def _str_compare() -> None:
    """Compare signatures as texts: `compare_digest` fails for one that is not ASCII."""

    def is_signed(signature: str, token: str, *parts: str) -> bool:
        return hmac.compare_digest(signature_of.sign(token, *parts), signature)

    vars(envelope)["is_signed"] = is_signed


BUGS: dict[str, Callable[[], None]] = {
    "answer_before_commit": _answer_before_commit,
    "check_then_send": _check_then_send,
    "deferred_begin": _deferred_begin,
    "everybody_refreshes": _everybody_refreshes,
    "leak": _leak,
    "newest_first": _newest_first,
    "no_dedupe": _no_dedupe,
    "no_drain": _no_drain,
    "resend_after_crash": _resend_after_crash,
    "str_compare": _str_compare,
    "timeout_is_busy": _timeout_is_busy,
}

# Where a process can end: whose function, which, and whether before it or after it has returned.
POINTS: dict[str, tuple[Any, str, str]] = {
    "S1 before the claim": (claims.Claims, "claim", "before"),
    "S2 lane claimed, not committed": (claims.Claims, "claim", "after"),
    "S3 claim committed": (sender.Sender, "_deliver", "before"),
    "S4 grant spent, not committed": (contacts, "spend", "after"),
    "S5 sending committed": (calling.Calling, "call", "before"),
    "S6 request made, not sent": (transport.Transport, "_send", "before"),
    "S7 answer read": (transport.Transport, "_send", "after"),
    "S8 before the settle": (settling, "settle", "before"),
    "S9 settled, not committed": (settling, "settle", "after"),
    "S10 settle committed": (sender.Sender, "_report", "before"),
    "S11 lane given back, not committed": (lanes, "release", "after"),
    "T1 before the token is fetched": (access_token.AccessTokens, "_fetch", "before"),
    "T2 token fetched": (access_token.AccessTokens, "_fetch", "after"),
    "T3 token stored, not committed": (tokens, "put", "after"),
    "W1 before it is known whether it is new": (accept.Inbox, "_accept_first", "before"),
    "W2 handler done": (accept.Inbox, "_commit", "before"),
    "W3 push stored, not committed": (accept, "keep_push", "after"),
    "W4 effects stored, not committed": (accept, "keep_effects", "after"),
    "W5 committed": (accept.Inbox, "_commit", "after"),
    "W6 before the answer": (accept.Inbox, "accept", "after"),
}


def _crash_at(whose: Any, name: str, when: str, nth: int, once: str) -> None:
    """Let a process end, without any clean-up, the nth time it comes there; only one, who makes the file `once`."""
    real, times = getattr(whose, name), count(1)

    def wrapped(*arguments: Any, **more: Any) -> Any:
        if when == "before" and next(times) == nth:
            _end(once)
        result = real(*arguments, **more)
        if when == "after" and next(times) == nth:
            _end(once)
        return result

    setattr(whose, name, wrapped)


def _end(once: str) -> None:
    try:
        os.close(os.open(once, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    os._exit(CRASHED)


if __name__ == "__main__":
    assert app  # keeps the import that completes the product
    from benchmarks import sabotage  # the module that others import, not this second copy of it

    sabotage.plant(sys.argv[1])
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
