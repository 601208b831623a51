"""What open tabs of the console cost the webhook: `python -m benchmarks.console_tabs`, 50 tabs against none.

The web (gunicorn) is a process of its own on one SQLite file with its real disk; the tabs ask from another
process at their real pace, half of them for a conversation (every 3 s), half for the list (every 5 s). Without
and with tabs is measured in turns in one run, so that the ratio holds on a noisy machine; the times do not.
"""

import multiprocessing
import re
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from pathlib import Path

import click
import urllib3

from benchmarks.deployment import deployed
from benchmarks.fanout import Chat
from wxbot.store import console_users as users
from wxbot.store.engine import Store
from wxbot.store.migrate import migrate

_ASKED = 2000  # pushes each time
_PASSWORD = "correct horse battery"
_TOKEN = re.compile(r'csrf_token" value="([^"]+)"')


@click.command()
@click.option("--tabs", default=50, show_default=True)
@click.option("--rounds", default=5, show_default=True)
def console_tabs(tabs: int, rounds: int) -> None:
    """Measure answers without tabs and with them."""
    with tempfile.TemporaryDirectory(prefix="wxbot-tabs-") as name:
        url = f"sqlite:///{Path(name) / 'wxbot.db'}"
        migrate(url)
        store, hashed = Store(url), users.hash_password("ann", _PASSWORD)
        store.write(lambda tx: users.add(tx, "ann", hashed, "owner", None, time.time()))
        with deployed(url, Path(name)) as place:
            place.web()
            chat = Chat(place, 0)
            chat.ask(lambda asked: asked < 300)  # warm
            base = f"http://127.0.0.1:{place.port}/console"
            ratios = [_round(chat, base, _sign_in(base), tabs) for _ in range(rounds)]
        store.close()
    click.echo(f"p99 with {tabs} tabs over p99 without: median {statistics.median(ratios):.2f} of {rounds} rounds")


def _round(chat: Chat, base: str, cookies: str, tabs: int) -> float:
    alone = chat.ask(lambda asked: asked < _ASKED)
    open_ones = Tabs(base, cookies, multiprocessing.Event(), multiprocessing.Value("i", 0))
    browser = multiprocessing.Process(target=_browse, args=(open_ones, tabs))
    browser.start()
    while open_ones.asked_for.value < tabs:  # every tab is open
        time.sleep(0.05)
    beside = chat.ask(lambda asked: asked < _ASKED)
    open_ones.over.set()
    browser.join()
    ratio, asked = _at(beside, 0.99) / _at(alone, 0.99), open_ones.asked_for.value
    click.echo(
        f"p50 {_ms(alone, 0.5)} without, {_ms(beside, 0.5)} with {tabs} tabs; p99 {_ms(alone, 0.99)} and "
        f"{_ms(beside, 0.99)}: {ratio:.2f} times; tabs asked {asked} times"
    )
    return ratio


@dataclass(frozen=True, slots=True)
class Tabs:
    """What all tabs share; `asked_for` counts what they asked."""

    base: str
    cookies: str
    over: Event
    asked_for: "Synchronized[int]"


def _browse(tabs: Tabs, count: int) -> None:
    """Keep tabs open until it is over."""
    http = urllib3.PoolManager(maxsize=count, retries=False)
    threads = [threading.Thread(target=_tab, args=(http, tabs, number)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _tab(http: urllib3.PoolManager, tabs: Tabs, number: int) -> None:
    is_list = number % 2 == 0
    path = "/default/conversations" if is_list else f"/default/conversations/oChat{1 + number}"
    headers = {"Cookie": tabs.cookies, "HX-Request": "true"}
    pause = number / 50
    while not tabs.over.wait(pause):
        answer = http.request("GET", tabs.base + path, headers=headers)
        assert answer.status in (200, 304), (answer.status, answer.data[:300])
        headers["HX-PTag"] = answer.headers["HX-PTag"]
        with tabs.asked_for.get_lock():
            tabs.asked_for.value += 1
        pause = 5.0 if is_list else 3.0


def _sign_in(base: str) -> str:
    """Return the cookies of somebody who has signed in."""
    http = urllib3.PoolManager(retries=False)
    page = http.request("GET", f"{base}/sign-in")
    fields = {"csrf_token": _TOKEN.findall(page.data.decode())[0], "name": "ann", "password": _PASSWORD}
    headers = {"Cookie": _cookies(page)}
    answer = http.request(
        "POST", f"{base}/sign-in", fields=fields, headers=headers, encode_multipart=False, redirect=False
    )
    assert answer.status == 303, answer.status
    return _cookies(answer)


def _cookies(answer: urllib3.BaseHTTPResponse) -> str:
    return "; ".join(one.split(";")[0] for one in answer.headers.getlist("Set-Cookie"))


def _at(took: list[float], share: float) -> float:
    return took[int(len(took) * share)]


def _ms(took: list[float], share: float) -> str:
    return f"{_at(took, share) * 1000:.1f} ms"


if __name__ == "__main__":
    console_tabs()
