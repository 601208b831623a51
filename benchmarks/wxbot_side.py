"""wxbot's side of the day: the real processes, and the airline's system at the push API."""

import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import urllib3

from benchmarks.airport_bot import CANCELLED, TIMETABLE, topic
from benchmarks.flights import Flight, News
from benchmarks.stage import Stage, running
from wxbot.cli.processes import python
from wxbot.settings import DEFAULT_ACCOUNT
from wxbot.simulator.config import DEV_APPID, DEV_SECRET, DEV_TOKEN
from wxbot.store.engine import Store
from wxbot.store.upcoming import next_due

_LOOK_EVERY = 0.005  # seconds between looks whether all has gone out
_PATIENCE = 300.0  # seconds for one moment's messages
_SETTINGS = """
[account]
rate = 10000  # what the account may send is not what is measured
join = 600  # news that can wait waits ten minutes for more
keep = 2  # on a bad day two surprises are usual

[sender]
poll = 0.02
"""


class Airline:
    """The airline's own system: it knows the push API and nothing else of wxbot."""

    def __init__(self, bot: str, key: str) -> None:
        self._url = f"{bot}/api/v1/accounts/default/topics"
        self._headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "Connection": "close",  # its next word comes later than a server keeps a connection open
        }
        self._http = urllib3.PoolManager(retries=False)

    def tell(self, flight: Flight, news: News) -> None:
        """Tell what is new of a flight; of a cancelled one, that nothing planned for it will be."""
        if news.kind != "cancelled":
            self._ask(
                "POST", flight, {"facts": dict(news.facts)} if news.moment is None else {"moment": news.moment}
            )
            return
        self._ask("POST", flight, {"facts": CANCELLED})
        self._ask("DELETE", flight)
        self._ask("POST", flight, {"facts": CANCELLED})  # forgotten with the plan, and whoever asks now must know

    def _ask(self, method: str, flight: Flight, body: object = None) -> None:
        raw = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        url = f"{self._url}/{topic(flight.number)}/plan"
        answer = self._http.request(method, url, body=raw, headers=self._headers)
        if answer.status != 200:
            raise RuntimeError(f"{method} {url}: {answer.status} {answer.data[:500]!r}")


class WxbotSide:
    """Tells the airline's news; what the clock brings, the plans know."""

    def __init__(self, stage: Stage, airline: Airline, store: Store) -> None:
        self._stage, self._airline, self._store = stage, airline, store

    def tell(self, flight: Flight, news: News) -> None:
        """Pass on what the clock does not know."""
        if news.is_told:
            self._airline.tell(flight, news)

    def settle(self, until: float) -> list[float]:
        """Wait until nothing is due, now and at each moment before `until` at which something falls due."""
        stops: list[float] = []
        while (following := self._next_after_what_is_due()) < until:
            self._stage.go_to(following)
            stops.append(following)
        return stops

    def _next_after_what_is_due(self) -> float:
        """Return when something falls due next, when nothing is left that is; RuntimeError after minutes."""
        end = time.monotonic() + _PATIENCE
        while (following := self._store.read(lambda tx: next_due(tx, DEFAULT_ACCOUNT))) <= self._stage.clock.now():
            if time.monotonic() > end:
                raise RuntimeError(f"still something due after {_PATIENCE:.0f} s at {following:.0f}")
            time.sleep(_LOOK_EVERY)
        return following


@contextmanager
def wxbot_side(stage: Stage, flights: Mapping[str, Flight]) -> Iterator[WxbotSide]:
    """Run the platform and `wxbot serve` while the block runs."""
    environment = _environment(stage, flights)
    serve = stage.child("wxbot", python("-m", "wxbot.cli", "serve"), environment)
    addresses = [f"{stage.bot}/readyz", f"{stage.platform}/sim/clock"]
    with running([stage.platform_process(), serve], addresses):
        store = Store(environment["WXBOT_DATABASE_URL"])
        try:
            yield WxbotSide(stage, Airline(stage.bot, _apikey(serve.environment)), store)
        finally:
            store.close()


def _environment(stage: Stage, flights: Mapping[str, Flight]) -> dict[str, str]:
    timetable, settings = stage.folder / "timetable.json", stage.folder / "wxbot.toml"
    timetable.write_text(json.dumps({one.number: [one.departs, one.lasts] for one in flights.values()}))
    settings.write_text(_SETTINGS)
    return {
        TIMETABLE: str(timetable),
        "WXBOT_CONFIG": str(settings),
        "WXBOT_TOKEN": DEV_TOKEN,
        "WXBOT_APPID": DEV_APPID,
        "WXBOT_APPSECRET": DEV_SECRET,
        "WXBOT_MODE": "plain",
        "WXBOT_API_BASE": stage.platform,
        "WXBOT_BOT": "benchmarks.airport_bot:bot",
        "WXBOT_BIND": f"127.0.0.1:{stage.port}",
        "WXBOT_DATABASE_URL": f"sqlite:///{stage.folder / 'wxbot.db'}",
        "WXBOT_CLOCK_FILE": str(stage.clock_file),
    }


def _apikey(environment: Mapping[str, str]) -> str:
    """Make the airline's key as an operator does."""
    command = python("-m", "wxbot.cli", "apikey", "create", "airline", "--scope", "publish", "--json")
    done = subprocess.run(command, env=dict(environment), capture_output=True, check=True, timeout=30)
    found: dict[str, Any] = json.loads(done.stdout)
    return str(found["key"])
