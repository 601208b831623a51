"""Figures 5 and 6: PostgreSQL crashes, ends sessions, falls silent; SQLite is fought over and has no room left."""

import multiprocessing
import queue
import resource
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import sqlcipher3.dbapi2 as sqlite
from sqlalchemy.engine import make_url

from benchmarks import sabotage
from benchmarks.deployment import Deployment, deployed, workers
from benchmarks.figure import Figure, Run
from benchmarks.link import Link
from benchmarks.storm import Storm
from wxbot.errors import StoreError
from wxbot.store import copies
from wxbot.store.engine import Store

_RESUME = 5.0  # seconds until the first message after PostgreSQL is back
_END_ONE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = '{}' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1"""
_ADD = "INSERT INTO buckets (account, level, boot, filled_at) VALUES (:account, 1, '', 0)"


def postgresql(run: Run, figure: Figure) -> None:
    """Four senders work, two of them over a link; each round ends ten sessions, the link, and the server."""
    rounds, folder = run.size(10, 1), run.folder / "postgresql"
    folder.mkdir(parents=True)
    url, link = run.server.fresh(), Link(run.server.socket)
    with deployed(url, folder, run.surroundings()) as place:
        storm = Storm(place)
        storm.meet(60)
        for each in (url, url, link.of(url), link.of(url)):
            place.sender(WXBOT_DATABASE_URL=each)
        for _ in range(rounds):
            storm.queue(4)
            storm.until_more_has_arrived()
            for _ in range(10):
                figure.count("ended sessions", run.server.administer(_END_ONE.format(make_url(url).database)))
                time.sleep(0.05)
            link.cut()
            time.sleep(1)
            link.drop()
            link.mend()
            run.server.restart()
            began = time.monotonic()
            storm.until_more_has_arrived()
            figure.count("crashes of the server", 1)
            figure.count("dead links", 1)
            figure.count("resumed late", time.monotonic() - began > _RESUME)
        place.until(lambda: storm.waiting() == 0, 120)
        storm.judge(figure)
    link.close()
    figure.judge("crashes of the server", at_least=rounds)
    figure.judge("ended sessions", at_least=9 * rounds)  # one may have gone by itself just then
    figure.judge("resumed late", at_most=0)


def sqlite_faults(run: Run, figure: Figure) -> None:
    """Six processes write while one reads throughout and backups are made; then the web has no room to write."""
    folder = run.folder / "sqlite"
    folder.mkdir(parents=True)
    (folder / "wxbot.db").write_bytes(run.empty.read_bytes())
    url = f"sqlite:///{folder / 'wxbot.db'}"
    _fight(run, figure, url, folder)
    with deployed(url, folder, run.surroundings()) as place:
        _no_room(place, figure)
    figure.judge("commits", at_least=run.size(20_000, 600))
    for name in ("locked", "answered but absent", "answered without room", "unanswered afterwards"):
        figure.judge(name, at_most=0)


def _fight(run: Run, figure: Figure, url: str, folder: Path) -> None:
    Store(url).close()  # from now on the file has a write-ahead log
    spawn, each = multiprocessing.get_context("forkserver"), run.size(3_334, 100)
    results: Any = spawn.Queue()
    writers = [spawn.Process(target=_write, args=(url, nth, each, run.bug, results)) for nth in range(6)]
    for process in writers:
        process.start()
    with closing(sqlite.connect(folder / "wxbot.db")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM buckets").fetchall()
        done: list[Any] = []
        while len(done) < len(writers):
            figure.count("backups", _backed_up(url, folder / "copy.db"))
            with suppress(queue.Empty):
                done.append(results.get(timeout=0.1))
        reader.execute("COMMIT")
    for process in writers:
        process.join()
    figure.count("commits", sum(commits for commits, _, _ in done))
    figure.count("locked", sum(locked for _, locked, _ in done))
    slowest = max(slow for _, _, slow in done)
    figure.count("slowest commit, ms", round(slowest * 1000))


def _backed_up(url: str, to: Path) -> int:
    """Make a backup as `wxbot backup` does, sound and whole or StoreError; return that one was made."""
    copies.backup(Path(str(make_url(url).database)), to, time.time(), lambda done, of: None)
    to.unlink()
    return 1


def _write(url: str, nth: int, count: int, bug: str | None, results: Any) -> None:
    sabotage.plant(bug)
    locked, slowest = 0, 0.0
    with closing(Store(url)) as store:
        for number in range(count):
            began = time.monotonic()
            try:
                store.write(lambda tx: _read_then_write(tx, f"{nth}-{number}"))  # noqa: B023  # run at once
            except StoreError:
                locked += 1
            slowest = max(slowest, time.monotonic() - began)
    results.put((count - locked, locked, slowest))


def _read_then_write(tx: Any, account: str) -> None:
    tx.rows("SELECT level FROM buckets WHERE account = :account", account=account)
    tx.change(_ADD, account=account)


def _no_room(place: Deployment, figure: Figure) -> None:
    """Forbid the web's workers to write to files, as a full disk does; then give the room back."""
    web = place.web()
    users = [place.post("/sim/users")["openid"] for _ in range(8)]
    master = [*workers(web), web.pid]
    for pid in master:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda user: _say(place, user, "order 1"), users))
    figure.count("answered without room", sum(one["reply"] is not None for one in told))
    for pid in {*workers(web), *master}:
        if Path(f"/proc/{pid}").exists():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    again = [_say(place, user, "order 2") for user in users]
    figure.count("unanswered afterwards", sum(one["reply"] is None for one in again))
    kept = {row[0] for row in place.rows("SELECT push_key FROM pushes")}
    answered = [one["msgid"] for one in [*told, *again] if one["attempts"][-1]["status"] == 200]
    figure.count("answered but absent", sum(not any(str(msgid) in key for key in kept) for msgid in answered))


def _say(place: Deployment, user: str, text: str) -> Any:
    return place.post(f"/sim/users/{user}/actions", {"type": "text", "content": text})
