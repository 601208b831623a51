"""The other way: each event is sent at once, by customer-service message, to everybody who asked.

As a first program after the platform's manual does it: the push is answered with the flight's state, who
asked is kept in memory, and news is a loop over them. It knows no window and no quota, joins nothing and
tries nothing twice; it does fetch its access_token anew in time.
"""

import json
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from xml.etree import ElementTree

import urllib3

from benchmarks import words
from benchmarks.flights import Flight, News, local
from benchmarks.stage import Stage, running
from wxbot.clock import Clock
from wxbot.simulator.config import DEV_APPID, DEV_SECRET

_AT_ONCE = 8  # sends under way
_TOKEN_LIFE = 7000  # seconds
_REPLY = (
    "<xml><ToUserName><![CDATA[{to}]]></ToUserName><FromUserName><![CDATA[{me}]]></FromUserName>"
    "<CreateTime>{now}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{text}]]></Content></xml>"
)


class Naive:
    """Who asked about each flight, and the loop that tells them."""

    def __init__(self, platform: str, clock: Clock, flights: Mapping[str, Flight]) -> None:
        self._platform, self._clock = platform, clock
        self._asked: dict[str, dict[str, None]] = defaultdict(dict)
        self._known = {
            name: {"time": local(one.departs), "gate": words.UNKNOWN_GATE} for name, one in flights.items()
        }
        self._http = urllib3.PoolManager(maxsize=_AT_ONCE, retries=False)
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="naive")
        self._token, self._token_until = "", 0.0

    def answer(self, xml: bytes) -> str:
        """Return the reply to a push, remembering who asked about which flight."""
        push = {element.tag: element.text or "" for element in ElementTree.fromstring(xml)}
        if push.get("Event") == "unsubscribe":
            return "success"
        openid, flight, text = push["FromUserName"], push.get("Content", ""), words.HELP
        if flight in self._known:
            self._asked[flight][openid] = None
            known = self._known[flight]
            text = (words.STATUS if known["time"] else words.IS_CANCELLED).format(flight=flight, **known)
        return _REPLY.format(to=openid, me=push["ToUserName"], now=push["CreateTime"], text=text)

    def tell(self, flight: Flight, news: News) -> None:
        """Send one event to everybody who asked about the flight."""
        self._learn(self._known[flight.number], news)
        token = self._fresh_token()
        path = f"{self._platform}/cgi-bin/message/custom/send?access_token={token}"
        list(self._pool.map(lambda openid: self._send(path, openid, news.text), self._asked[flight.number]))

    def settle(self, until: float) -> list[float]:
        """Return at once: what was not sent never will be."""
        return []

    def _learn(self, known: dict[str, str], news: News) -> None:
        known |= dict(news.facts)
        if news.moment is not None:
            known["time"] = local(news.moment)
        if news.kind == "cancelled":
            known["time"] = ""

    def _send(self, path: str, openid: str, text: str) -> None:
        self._post(path, {"touser": openid, "msgtype": "text", "text": {"content": text}})

    def _fresh_token(self) -> str:
        if self._clock.now() >= self._token_until:
            who = {"grant_type": "client_credential", "appid": DEV_APPID, "secret": DEV_SECRET}
            self._token = self._post(f"{self._platform}/cgi-bin/stable_token", who)["access_token"]
            self._token_until = self._clock.now() + _TOKEN_LIFE
        return self._token

    def _post(self, url: str, body: object) -> Any:
        return json.loads(self._http.request("POST", url, body=json.dumps(body, ensure_ascii=False).encode()).data)


@contextmanager
def naive(stage: Stage, flights: Mapping[str, Flight]) -> Iterator[Naive]:
    """Run the platform and the naive bot while the block runs."""
    bot = Naive(stage.platform, stage.clock, flights)
    server = ThreadingHTTPServer(("127.0.0.1", stage.port), _handler(bot))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with running([stage.platform_process()], [f"{stage.platform}/sim/clock"]):
            yield bot
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(bot: Naive) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = bot.answer(self.rfile.read(int(self.headers["Content-Length"]))).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: what counts stands in the platform's ledger."""

    return Handler
