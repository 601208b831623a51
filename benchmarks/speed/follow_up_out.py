"""A follow-up out: CPU of the sender's process for each, claim to settle, beside rivals that store nothing."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from benchmarks.nginx import installed
from benchmarks.serving import free_port
from benchmarks.speed.push_in import WECHATPY, WEROBOT
from benchmarks.speed.servers import ROOT, Server, Side, python_for
from wxbot.protocol.content import Text
from wxbot.protocol.outgoing import FollowUp, message_json
from wxbot.protocol.window import Grant
from wxbot.simulator.config import DEV_APPID, DEV_SECRET
from wxbot.store import contacts, outbox
from wxbot.store.engine import Store, Transaction
from wxbot.store.migrate import migrate

RIVALS = (
    Side("wechatpy", "wechatpy", WECHATPY),
    Side("WeRoBot", "werobot", WEROBOT),
    Side("a requests session", "requests", ("requests",)),
    Side("urllib3", "urllib3", ("urllib3",)),
)
_CALLERS = Path(__file__).parent / "rivals" / "callers.py"
_WARM = 200  # messages before the sender's CPU counts: start-up, token, connections
_WITHIN = 60.0  # seconds for what was queued to go out
_WAITS = "SELECT count(*) FROM followups WHERE state <> 'sent'"
_PLATFORM = """
daemon off;
pid {folder}/nginx.pid;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
    access_log off;
    keepalive_requests 10000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    default_type application/json;
    server {{
        listen 127.0.0.1:{port};
        location / {{ return 200 '{{"errcode":0,"errmsg":"ok"}}'; }}
        location ~ token$ {{ return 200 '{{"access_token":"token","expires_in":7200}}'; }}
    }}
}}
"""


@click.command()
@click.option("--messages", default=3000, show_default=True, help="For each side in each round.")
@click.option("--rounds", default=5, show_default=True)
def follow_up_out(messages: int, rounds: int) -> None:
    """Measure each side in turns, and print a table."""
    environments = Path(".venv/rivals").absolute()
    pythons = [python_for(side, environments) for side in RIVALS]
    measured: dict[str, list[float]] = {name: [] for name in (*(side.name for side in RIVALS), "wxbot")}
    with tempfile.TemporaryDirectory(prefix="wxbot-speed-", dir=environments) as name, _platform(Path(name)) as at:
        for number in range(rounds):
            for side, python in zip(RIVALS, pythons, strict=True):
                measured[side.name].append(_rival(python, side.app, at, messages))
            measured["wxbot"].append(_wxbot(Path(name) / f"{number}.db", at, messages))
    _tell(measured)


@contextmanager
def _platform(folder: Path) -> Iterator[str]:
    program = installed()
    assert program, "nginx is not installed: apt-get install nginx-light"
    port = free_port()
    (folder / "nginx.conf").write_text(_PLATFORM.format(folder=folder, port=port))
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "nginx.log")]
    with subprocess.Popen(command) as process:
        try:
            time.sleep(0.5)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _rival(python: str, kind: str, address: str, messages: int) -> float:
    command = [python, str(_CALLERS), kind, address, str(messages)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _wxbot(database: Path, address: str, messages: int) -> float:
    """Return the microseconds of CPU that a fresh sender on a fresh store takes for a message."""
    url = f"sqlite:///{database}"
    migrate(url)
    store = Store(url)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WXBOT_")} | {
        "WXBOT_TOKEN": "Wechat4go",
        "WXBOT_APPID": DEV_APPID,
        "WXBOT_APPSECRET": DEV_SECRET,
        "WXBOT_MODE": "plain",
        "WXBOT_API_BASE": address,
        "WXBOT_DATABASE_URL": url,
        "WXBOT_RATE": "10000",
        "WXBOT_BOT": "benchmarks.speed.rivals.wxbot_bot:bot",
        "PYTHONPATH": str(ROOT),
    }
    with database.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "wxbot.cli", "sender"], env=environment, stderr=log)
        try:
            _queue(store, "oWarm", _WARM)
            _until_sent(store, process)
            sender = Server(Side("wxbot", "sender"), 0, process)
            before = sender.cpu()
            _queue(store, "oUser", messages)
            _until_sent(store, process)
            return (sender.cpu() - before) / messages * 1e6
        finally:
            process.terminate()
            process.wait(20)
            store.close()


def _queue(store: Store, prefix: str, count: int) -> None:
    """Queue one message for each of `count` users whose window is open, in one transaction."""
    now = time.time()
    new = FollowUp(message=message_json(Text("CA1501 14:05")), due_at=now)

    def work(tx: Transaction) -> None:
        for number in range(count):
            openid = f"{prefix}{number}"
            contacts.seen(tx, "default", openid, now, Grant("message", 5, int(now) + 86_400))
            outbox.insert(tx, "default", openid, new, origin="test", now=now)

    store.write(work)


def _until_sent(store: Store, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + _WITHIN
    while store.read(lambda tx: tx.row(_WAITS)) != (0,):
        if time.monotonic() > end or process.poll() is not None:
            raise RuntimeError(f"the sender did not send everything; it ended with {process.poll()}")
        time.sleep(0.1)


def _tell(measured: dict[str, list[float]]) -> None:
    base = measured["wechatpy"]
    click.echo("| | CPU µs a message | × wechatpy |")
    click.echo("|---|---|---|")
    for name, values in measured.items():
        ratios = [mine / theirs for mine, theirs in zip(values, base, strict=True)]
        click.echo(f"| {name} | {_spread(values, '.0f')} | {_spread(ratios, '.2f')} |")


def _spread(values: list[float], shape: str) -> str:
    return f"{statistics.median(values):{shape}} ({min(values):{shape}}–{max(values):{shape}})"


if __name__ == "__main__":
    follow_up_out()
