"""Figure 14: steady traffic through web and sender, and what of it stays behind in their processes."""

import re
import statistics
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import urllib3
from sqlalchemy.engine import make_url

from benchmarks.deployment import Deployment, deployed, workers
from benchmarks.figure import Figure, Run
from benchmarks.score import percentile
from benchmarks.storm import Storm
from wxbot.protocol.signature import sign
from wxbot.simulator.calls import SEND
from wxbot.store.engine import Store
from wxbot.store.sqlite import WAL_LIMIT

_RATE = 100.0  # pushes a second; each has a reply and a follow-up
_CLIENTS = 8  # connections, kept open as nginx keeps its own
_FLOOD = 32  # clients at once before what is measured, so that pools have all their threads and caches are full
_SLOW = 0.05  # seconds for a call meanwhile, so that the sender needs all its threads too
_CLOSE = {"Connection": "close"}  # else all that are kept open may be one worker's, and the other starts later
_FEW = 4  # of those one brings a follow-up
_WARM = 0.4  # share of the time after which nothing may grow any more
_SLACK = {"open files": 4, "threads": 1, "connections": 2}  # a pool may still open one for each process
_SLOPE = 1.0  # MB of memory in 10,000 messages
_PROBE = """
INSERT INTO buckets (account, level, boot, filled_at) VALUES ('probe', 1, '', :now)
ON CONFLICT (account) DO UPDATE SET filled_at = excluded.filled_at"""
_LAG = "SELECT changed_at - due_at FROM followups WHERE state = 'sent' AND id > {flooded}"


@dataclass
class _Look:
    """What all processes hold at one moment."""

    messages: int
    megabytes: float
    counts: dict[str, int]
    wal: int  # bytes


@dataclass
class _Traffic:
    """Pushes at a steady rate, each user in turn, from clients that keep their connections."""

    place: Deployment
    users: list[str]
    took: list[float] = field(default_factory=list)  # seconds from a push to its answer
    failed: int = 0
    flooded: int = 0
    flooded_out: int = 0  # follow-ups of the flood

    def __post_init__(self) -> None:
        self._http = urllib3.PoolManager(maxsize=_FLOOD, block=True, retries=False, timeout=5)
        self._lock, self._next = threading.Lock(), 0

    def flood(self, count: int) -> None:
        """Push so many as fast as they are answered; few of them bring a follow-up, and nothing of it is judged."""
        with ThreadPoolExecutor(_FLOOD) as pool:
            list(pool.map(lambda n: self._push(n, "hello" if n % _FEW else f"order {n}", _CLOSE), range(count)))
        self._next, self.flooded, self.flooded_out, self.took = count, count, len(range(0, count, _FEW)), []

    def run(self, seconds: float) -> None:
        """Push for so long; a client that is late goes on at once, and the rate falls."""
        began = time.monotonic()
        with ThreadPoolExecutor(_CLIENTS) as pool:
            for _ in range(_CLIENTS):
                pool.submit(self._client, began, began + seconds)

    def _client(self, began: float, end: float) -> None:
        while True:
            with self._lock:
                number, self._next = self._next, self._next + 1
            at = began + (number - self.flooded) / _RATE
            if max(at, time.monotonic()) >= end:
                return
            time.sleep(max(0.0, at - time.monotonic()))
            self._push(number, f"order {number}")

    def _push(self, number: int, text: str, headers: Mapping[str, str] | None = None) -> None:
        stamp, nonce = str(int(time.time())), str(number)
        signature = sign(self.place.environment["WXBOT_TOKEN"], stamp, nonce)
        url = f"http://127.0.0.1:{self.place.port}/wechat?signature={signature}&timestamp={stamp}&nonce={nonce}"
        body = (
            f"<xml><ToUserName>gh_1</ToUserName><FromUserName>{self.users[number % len(self.users)]}</FromUserName>"
            f"<CreateTime>{stamp}</CreateTime><MsgType>text</MsgType><Content>{text}</Content>"
            f"<MsgId>{number}</MsgId></xml>"
        )
        sent = time.perf_counter()
        try:
            status = self._http.request("POST", url, body=body, headers=headers).status
        except urllib3.exceptions.HTTPError:
            status = 0
        with self._lock:
            self.took.append(time.perf_counter() - sent)
            self.failed += status != 200


def soak(run: Run, figure: Figure) -> None:
    """Push for a while on each store, and look at the processes all the time."""
    seconds = run.size(40, 4)
    for url, folder in run.stores():
        with deployed(url, folder, run.surroundings(request_limit=2.0, lease=8.0, threads=8)) as place:
            storm = Storm(place)
            storm.meet(run.size(200, 20), latency=0)
            traffic, commits, looks = _soaked(place, storm.users, seconds, run.size(8_000, 100))
            place.until(lambda: storm.waiting() == 0, 240)  # noqa: B023  # waited for at once
            kind = make_url(url).get_backend_name()
            sent = place.get("/sim/ledger")["accepted"]
            figure.count("pushes", len(traffic.took))
            figure.count("unanswered", traffic.failed)
            figure.count("not sent", traffic.flooded_out + len(traffic.took) - traffic.failed - sent)
            rate = round((len(traffic.took) + sent - traffic.flooded_out) / seconds)
            figure.count(f"{kind}: messages a second", rate)
            lags = [float(row[0]) for row in place.rows(_LAG.format(flooded=traffic.flooded_out))]
            for name, took in (("accept", traffic.took), ("commit", commits), ("queue lag", lags)):
                half, most = (round(1000 * percentile(sorted(took), share)) for share in (0.5, 0.99))
                figure.count(f"{kind}: {name} p50, ms", half)
                figure.count(f"{kind}: {name} p99, ms", most)
            _grown(figure, kind, looks, short=run.short)
    for name in ("unanswered", "not sent"):
        figure.judge(name, at_most=0)
    figure.note = f"The rate wanted was {2 * _RATE:g} messages a second; nothing timed is judged."


def _soaked(
    place: Deployment, users: list[str], seconds: float, flood: int
) -> tuple[_Traffic, list[float], list[_Look]]:
    """Return the traffic of so many seconds, what commits beside it took, and what the processes held."""
    master, sender = place.web(WXBOT_WORKERS="2"), place.sender()
    traffic = _Traffic(place, users)
    place.post("/sim/faults", {"path": SEND, "kind": "delay", "seconds": _SLOW})
    traffic.flood(flood)
    place.clear_faults()
    with _beside(place, traffic, [master.pid, *workers(master), sender.pid or 0]) as (commits, looks):
        traffic.run(seconds)
    return traffic, commits, looks


def _grown(figure: Figure, kind: str, looks: Sequence[_Look], *, short: bool) -> None:
    """Count what grew after the warm-up: the median of its last third over that of its first.

    A few seconds say little of threads that a pool is still to start, and nothing of memory.
    """
    calm = [look for look in looks if look.messages >= _WARM * looks[-1].messages]
    third = len(calm) // 3
    for name, slack in _SLACK.items():
        first, last = (
            statistics.median(one.counts[name] for one in part) for part in (calm[:third], calm[-third:])
        )
        figure.count(f"{kind}: {name} grown", last - first)
        figure.judge(f"{kind}: {name} grown", at_most=10 * slack if short else slack)
    slope, _ = statistics.linear_regression([one.messages for one in calm], [one.megabytes for one in calm])
    figure.count(f"{kind}: memory, MB in 10,000 messages", round(slope * 10_000, 2))
    if not short:
        figure.judge(f"{kind}: memory, MB in 10,000 messages", at_most=_SLOPE)
    if kind == "sqlite":
        figure.count("largest WAL, MB", round(max(one.wal for one in looks) / 1e6, 1))
        figure.judge("largest WAL, MB", at_most=WAL_LIMIT / 1e6)


def _look(messages: int, pids: Sequence[int], wal: Path) -> _Look:
    links = [link for pid in pids for one in Path(f"/proc/{pid}/fd").iterdir() if (link := _target(one))]
    status = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
    counts = {
        "open files": len(links),
        "threads": sum(int(re.findall(r"Threads:\s*(\d+)", one)[0]) for one in status),
        "connections": sum(link.startswith("socket:") for link in links),
    }
    megabytes = sum(int(re.findall(r"VmRSS:\s*(\d+)", one)[0]) for one in status) / 1024
    return _Look(messages, megabytes, counts, wal.stat().st_size if wal.exists() else 0)


def _target(descriptor: Path) -> str:
    """Return what an open file is, "" when it was closed just now."""
    try:
        return str(descriptor.readlink())
    except FileNotFoundError:
        return ""


@contextmanager
def _beside(place: Deployment, traffic: _Traffic, pids: Sequence[int]) -> Iterator[tuple[list[float], list[_Look]]]:
    """Look at the processes, and commit something small beside them, five times a second, while the block runs."""
    over, took, looks = threading.Event(), [], []

    def work() -> None:
        with closing(Store(place.url)) as store:
            while not over.wait(0.2):
                looks.append(_look(2 * len(traffic.took), pids, place.folder / "wxbot.db-wal"))
                began = time.perf_counter()
                store.write(lambda tx: tx.change(_PROBE, now=time.time()))
                took.append(time.perf_counter() - began)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield took, looks
    finally:
        over.set()
        thread.join()
