"""A platform that is 50 ms away: `python -m benchmarks.speed.far`. Messages a second, of one sender and of two.

With 64 in flight 1,280 a second are possible. The senders, the store and the platform share two cores.
"""

import asyncio
import contextlib
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import click

from benchmarks.postgres import postgresql
from benchmarks.serving import free_port
from benchmarks.speed.follow_up_out import WARM
from benchmarks.speed.page import WRITE, tell
from benchmarks.speed.sending import send, sender
from benchmarks.speed.spread import spread, times
from wxbot.store.engine import Store
from wxbot.store.migrate import migrate

_AWAY = 0.05  # seconds
_IN_FLIGHT = 64
_RATE = "SELECT count(*) / (max(changed_at) - min(changed_at)) FROM followups WHERE id > :behind"


@click.command()
@click.option("--messages", default=4000, show_default=True, help="For each side in each round.")
@click.option("--rounds", default=3, show_default=True)
@WRITE
def far(messages: int, rounds: int, write: bool) -> None:
    """Measure each side in turns, and print a table."""
    rates: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="wxbot-far-") as name, _platform() as address, postgresql() as server:
        for number in range(rounds):
            folder = Path(name) / str(number)
            folder.mkdir()
            url = f"sqlite:///{folder / 'wxbot.db'}"
            migrate(url)
            sides = {
                f"SQLite, one sender of {_IN_FLIGHT}": (url, [_IN_FLIGHT]),
                f"PostgreSQL, one sender of {_IN_FLIGHT}": (server.fresh(), [_IN_FLIGHT]),
                f"PostgreSQL, one sender of {_IN_FLIGHT // 4}": (server.fresh(), [_IN_FLIGHT // 4]),
                f"PostgreSQL, two senders of {_IN_FLIGHT // 4}": (server.fresh(), [_IN_FLIGHT // 4] * 2),
            }
            for side, (at, threads) in sides.items():
                rates.setdefault(side, []).append(_rate(at, address, folder, threads, messages))
    *_, one, two = rates.values()
    gain = spread(times(two, one), ".2f")
    lines = ["| | messages a second |", "|---|---|"]
    lines += [f"| {side} | {spread(each, '.0f')} |" for side, each in rates.items()]
    tell("far", [*lines, "", f"Two senders do {gain} times what one does."], write=write)


def _rate(url: str, address: str, folder: Path, threads: list[int], messages: int) -> float:
    with closing(Store(url)) as store, ExitStack() as stack:
        for number, each in enumerate(threads):
            one = stack.enter_context(sender(url, address, folder / f"sender{number}.log", each))
        # Users that are known, and a queue that has become empty.
        for prefix, count in (("oWarm", WARM), ("oUser", messages)):
            send(store, one, prefix, count)
        _count_rows(store)
        behind = send(store, one, "oUser", messages)
        return float(store.read(lambda tx: tx.rows(_RATE, behind=behind))[0][0])


def _count_rows(store: Store) -> None:
    """Let PostgreSQL know its tables, as it does within a minute wherever it runs for longer than a benchmark."""
    if store.postgresql:
        store.write(lambda tx: tx.change("ANALYZE"))


@contextmanager
def _platform() -> Iterator[str]:
    port = free_port()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(port,), daemon=True)
    process.start()
    time.sleep(1)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.join()


def _serve(port: int) -> None:
    async def serve() -> None:
        server = await asyncio.start_server(_answer, "127.0.0.1", port, backlog=256)
        await server.serve_forever()

    asyncio.run(serve())


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            _, _, length = head.partition(b"content-length:")
            await reader.readexactly(int(length.split(b"\r\n")[0] or 0))
            await asyncio.sleep(_AWAY)
            is_token = head.split()[1].partition(b"?")[0].endswith(b"token")
            body = b'{"access_token":"token","expires_in":7200}' if is_token else b'{"errcode":0,"errmsg":"ok"}'
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    writer.close()


if __name__ == "__main__":
    far()
