"""Figure 11: hundreds of thousands of inputs that are almost right, at everything that reads what others wrote.

In a process of its own, so that what it keeps is seen: its memory before and after. What counts is the
CPU time of a call, which others on the machine do not change.
"""

import gc
import io
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from benchmarks import sabotage
from benchmarks.figure import Figure, Run
from benchmarks.mutations import Mutator, corpus
from wxbot import log
from wxbot.app import create_app
from wxbot.clock import SystemClock
from wxbot.delivery import outcome
from wxbot.errors import MalformedPush, PushRejected, Refused, SendFailed, Unanswered
from wxbot.platform.access_token import AccessTokens
from wxbot.platform.answers import checked
from wxbot.platform.notices import _msgid
from wxbot.platform.transport import Transport
from wxbot.protocol import inbound
from wxbot.protocol.cipher import Cipher
from wxbot.protocol.content import Text
from wxbot.protocol.envelope import Query, Reader
from wxbot.protocol.outgoing import message_json
from wxbot.protocol.replies import passive_and_rest, reply_xml
from wxbot.protocol.signature import sign
from wxbot.settings import Settings
from wxbot.store import apikeys
from wxbot.store.engine import Store
from wxbot.store.lanes import Head
from wxbot.store.tokens import StoredToken

_SLOW = 0.05  # seconds of CPU
_GROWTH = 20.0  # MB
_LINE = 4094  # bytes of a request line that gunicorn takes, and nothing longer comes to us
_TOKEN, _APPID, _AES_KEY = "Wechat4go", "wx0123456789abcdef", "a" * 43
# Inputs of each kind in the full form; what goes through the whole web and to the disk is the slowest.
_SIZES = {
    "xml": 150_000,
    "aes": 50_000,
    "query": 30_000,
    "push": 10_000,
    "api": 25_000,
    "answer": 40_000,
    "token": 20_000,
}
_BOT = "from wxbot.reply.bot import Bot\nbot = Bot()\n@bot.text()\ndef echo(message):\n    return message.Content\n"
_PATHS = ("messages", "topics/news/publish", "topics/news/subscribers", "topics/news/plan")
_HEAD = Head(
    1, "default", "oUser", 1, message_json(Text("hello")), 0.0, 0.0, None, "hold", "normal", "park", "sending",
    0, 0, "", "", 0, None, "{}", "window", None,
)  # fmt: skip

Feed = Callable[[bytes], None]


class Uncaught(Exception):
    """The web answered that it has a fault of its own, or something was read that cannot be kept."""


def fuzz(run: Run, figure: Figure) -> None:
    """Feed all of them in a process of its own, and judge what it tells."""
    run.folder.mkdir(parents=True)
    database = run.folder / "wxbot.db"
    database.write_bytes(run.empty.read_bytes())
    spawn = multiprocessing.get_context("spawn")
    results: Any = spawn.Queue()
    sizes = {name: size // run.size(1, 100) for name, size in _SIZES.items()}
    child = spawn.Process(target=_feed_all, args=(run.folder, run.seed, sizes, run.bug, results))
    child.start()
    told: dict[str, float] = results.get(timeout=900)
    child.join()
    found = told.pop("found", "")
    for name, value in told.items():
        figure.count(name, value)
    if found:
        figure.broken.append(f"first of them: {found}")
    figure.judge("inputs", at_least=sum(sizes.values()))
    for name, most in (("uncaught", 0), ("slower than 50 ms", 0), ("memory grown, MB", _GROWTH)):
        figure.judge(name, at_most=most)


def _feed_all(folder: Path, seed: int, sizes: Mapping[str, int], bug: str | None, results: Any) -> None:
    with (folder / "told.log").open("ab") as told_here:  # each refusal, with why
        os.dup2(told_here.fileno(), 2)
    log.configure(quiet=True)
    sabotage.plant(bug)
    with closing(Store(f"sqlite:///{folder / 'wxbot.db'}")) as store:
        told = _Told()
        feeds = _feeds(folder, store)
        for name, (lines, feed) in feeds.items():
            told.feed(name, Mutator(lines, f"warm {name} {seed}"), feed, min(sizes[name], 2000), is_warm=False)
        gc.collect()
        gc.freeze()
        before = _memory()
        for name, (lines, feed) in feeds.items():
            told.feed(name, Mutator(lines, f"{name} {seed}"), feed, sizes[name])
        gc.collect()
        told.counts["memory grown, MB"] = round(max(0.0, _memory() - before), 1)
    results.put({**told.counts, "slowest, ms of CPU": round(told.slowest * 1000, 1), "found": told.found})


class _Told:
    """What came of the inputs; `found` is the first that nobody caught."""

    def __init__(self) -> None:
        self.counts: dict[str, Any] = {"inputs": 0, "uncaught": 0, "slower than 50 ms": 0}
        self.slowest, self.found = 0.0, ""

    def feed(self, name: str, mutator: Mutator, feed: Feed, count: int, *, is_warm: bool = True) -> None:
        for _ in range(count):
            data = mutator.next()
            took = self._fed(name, data, feed)
            if took > _SLOW:  # an input that is slow is slow again; a machine that was busy is not
                took = min(took, self._fed(name, data, feed), self._fed(name, data, feed))
                if took > _SLOW:
                    self.found = self.found or f"{name}: {took * 1000:.0f} ms of CPU; {data[:300]!r}"
            if is_warm:
                self.counts["inputs"] += 1
                self.counts["slower than 50 ms"] += took > _SLOW
                self.slowest = max(self.slowest, took)

    def _fed(self, name: str, data: bytes, feed: Feed) -> float:
        """Return the seconds of CPU that one input took."""
        began = time.process_time()
        try:
            feed(data)
        except Exception as exc:  # noqa: BLE001  # whatever it is, nobody caught it
            self.counts["uncaught"] += 1
            self.found = self.found or f"{name}: {type(exc).__name__}: {exc}; {data[:300]!r}"
        return time.process_time() - began


def _memory() -> float:
    """Return this process's resident memory in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def _feeds(folder: Path, store: Store) -> dict[str, tuple[list[bytes], Feed]]:
    web, bearer = _web(folder), _bearer(store)
    pushes, answers = corpus("pushes"), corpus("answers")
    return {
        "xml": (pushes, _read_xml),
        "aes": (pushes, _Envelopes().read),
        "query": (corpus("queries"), web.verify),
        "push": (pushes, web.receive),
        "api": (corpus("calls"), _Caller(web, bearer).call),
        "answer": (answers, _read_answer),
        "token": (answers, _Tokens(store).read),
    }


def _read_xml(data: bytes) -> None:
    with suppress(MalformedPush):
        push = inbound.read(data)
        passive, _ = passive_and_rest(Text(push.openid), push)
        if passive is not None:
            reply_xml(passive, push, 1_800_000_000)


class _Envelopes:
    """Envelopes under a good signature: changed outside, at the ciphertext, or at what is inside."""

    def __init__(self) -> None:
        self._cipher, self._count = Cipher(_AES_KEY, _APPID), 0
        self._reader = Reader(_TOKEN, "safe", [self._cipher])

    def read(self, data: bytes) -> None:
        self._count += 1
        kind = self._count % 3
        encrypted = self._cipher.encrypt(data) if kind == 0 else data.decode("latin-1")
        body = data if kind == 1 else b"<xml><Encrypt>" + encrypted.encode() + b"</Encrypt></xml>"
        stamp, nonce = "1800000000", str(self._count)
        inner, outer = sign(_TOKEN, stamp, nonce, encrypted), sign(_TOKEN, stamp, nonce)
        with suppress(PushRejected):
            opened = self._reader.open(Query(outer, stamp, nonce, "aes", inner), body, 1_800_000_000)
            self._reader.seal(opened, opened.body, 1_800_000_000)


class _Web:
    """The whole web, asked as its server asks it."""

    def __init__(self, app: Any) -> None:
        self._app, self._count = app, 0

    def verify(self, data: bytes) -> None:
        query = data[:_LINE].decode("latin-1")
        stamp, nonce = str(int(time.time())), str(self._count)
        filled = {"{signature}": sign(_TOKEN, stamp, nonce), "{timestamp}": stamp, "{nonce}": nonce}
        for name, value in filled.items():
            query = query.replace(name, value)
        self._count += 1
        self.ask("POST" if self._count % 2 else "GET", "/wechat", query, b"<xml>", {})

    def receive(self, data: bytes) -> None:
        stamp, nonce = str(int(time.time())), f"push{self._count}"
        self._count += 1
        query = f"signature={sign(_TOKEN, stamp, nonce)}&timestamp={stamp}&nonce={nonce}"
        self.ask("POST", "/wechat", query, data, {})

    def ask(self, method: str, path: str, query: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Make one request; raises Uncaught for an answer that says it is our fault."""
        environ = {
            "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "SERVER_NAME": "localhost",
            "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.version": (1, 0), "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body), "wsgi.errors": io.StringIO(), "wsgi.multithread": True,
            "wsgi.multiprocess": True, "wsgi.run_once": False, "CONTENT_LENGTH": str(len(body)), **headers,
        }  # fmt: skip
        said: list[str] = []
        content = b"".join(self._app(environ, lambda status, *_: said.append(status)))
        if said[0][0] == "5":
            raise Uncaught(f"{method} {path}?{query}: {said[0]} {content[:200]!r}")


class _Caller:
    """A program that calls the push API with a good key and all but a good body."""

    def __init__(self, web: _Web, bearer: str) -> None:
        self._web, self._count = web, 0
        self._headers = {"HTTP_AUTHORIZATION": f"Bearer {bearer}", "CONTENT_TYPE": "application/json"}

    def call(self, data: bytes) -> None:
        self._count += 1
        path = f"/api/v1/accounts/default/{_PATHS[self._count % len(_PATHS)]}"
        self._web.ask("POST", path, "", data, self._headers)


class _Said(Transport):
    """A platform whose next answer is given."""

    def __init__(self, answer: bytes) -> None:
        super().__init__("http://localhost")
        self._said = answer

    def _send(self, *_: object) -> tuple[int, bytes]:
        return 200, self._said


def _read_answer(data: bytes) -> None:
    try:
        answer = checked(_Said(data).post("/cgi-bin/message/custom/send", {}, b""))
    except SendFailed as exc:
        result = outcome.failed(exc, _HEAD, 1_800_000_000, 0.5)
        gate = result.gate
        _keep(result.move.errcode, result.move.reason, result.move.rid, gate.reason if gate else "")
        _keep(str(exc))
    else:
        _keep(_msgid(answer))


class _Tokens:
    """The access_token's way in."""

    def __init__(self, store: Store) -> None:
        self._store, self._old = store, StoredToken("", 0.0, 0.0, 0.0)

    def read(self, data: bytes) -> None:
        tokens = AccessTokens(self._store, SystemClock(), _Said(data), "default", _APPID, "secret", "stable_token")
        with suppress(Refused, Unanswered):
            fresh = tokens._fetch(self._old)
            _keep(fresh.token, fresh.expires_at)


def _keep(*values: object) -> None:
    """Raise Uncaught for what no database of ours takes: more than 64 bits, half a character, NUL."""
    for value in values:
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise Uncaught(f"a number of {value.bit_length()} bits")
        if isinstance(value, str) and ("\0" in value or value.encode("utf-8", "ignore").decode() != value):
            raise Uncaught(f"a text that no database takes: {value[:40]!a}")
        if value is not None and not isinstance(value, int | float | str):
            raise Uncaught(f"a {type(value).__name__} where a number or a text is meant")


def _web(folder: Path) -> _Web:
    (folder / "bot_to_fuzz.py").write_text(_BOT)
    sys.path.insert(0, str(folder))
    account = {"appid": _APPID, "token": _TOKEN, "appsecret": "secret", "mode": "plain", "aes_key": _AES_KEY}
    given = {"account": account, "bot": "bot_to_fuzz:bot", "api_rate": 10_000}
    return _Web(create_app(Settings.model_validate({**given, "database_url": f"sqlite:///{folder / 'wxbot.db'}"})))


def _bearer(store: Store) -> str:
    return store.write(lambda tx: apikeys.create(tx, "default", "fuzz", apikeys.SCOPES, now=time.time()))
