"""What is measured of sending: a platform that answers `ok` at once, a sender as a process, messages for it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.nginx import installed
from benchmarks.serving import free_port
from benchmarks.speed.servers import ROOT, Server, Side
from wxbot.protocol.content import Text
from wxbot.protocol.outgoing import FollowUp, message_json
from wxbot.protocol.window import Grant
from wxbot.simulator.config import DEV_APPID, DEV_SECRET
from wxbot.store import contacts, outbox
from wxbot.store.engine import Store, Transaction

_WITHIN = 60.0  # seconds for what was queued to go out
_NEWEST = "SELECT COALESCE(max(id), 0) FROM followups"
_WAITS = "SELECT count(*) FROM followups WHERE id > :behind AND state <> 'sent'"
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


@contextmanager
def platform(folder: Path) -> Iterator[str]:
    """Run nginx as the platform while the block runs; yields its address."""
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


@contextmanager
def sender(url: str, address: str, log: Path, threads: int = 8) -> Iterator[Server]:
    """Run a sender on a store while the block runs, as `wxbot sender` does."""
    config = log.with_suffix(".toml")
    config.write_text(f"[sender]\nthreads = {threads}\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WXBOT_")} | {
        "WXBOT_CONFIG": str(config),
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
    with log.open("wb") as opened:
        process = subprocess.Popen([sys.executable, "-m", "wxbot.cli", "sender"], env=environment, stderr=opened)
        try:
            yield Server(Side("wxbot", "sender"), 0, process, log)
        finally:
            process.terminate()
            process.wait(20)


def send(store: Store, server: Server, prefix: str, count: int, *, over: float = 0.0) -> int:
    """Queue one message for each of `count` users whose window is open, and return when all have gone out.

    They are due evenly over the next `over` seconds. Returns the id behind which they stand.
    """
    now = time.time()
    behind = int(store.read(lambda tx: tx.rows(_NEWEST))[0][0])

    def work(tx: Transaction) -> None:
        for number in range(count):
            openid = f"{prefix}{number}"
            new = FollowUp(message=message_json(Text("CA1501 14:05")), due_at=now + over * number / count)
            contacts.seen(tx, "default", openid, now, Grant("message", 5, int(now) + 86_400))
            outbox.insert(tx, "default", openid, new, origin="test", now=now)

    store.write(work)
    end = time.monotonic() + over + _WITHIN
    while store.read(lambda tx: tx.rows(_WAITS, behind=behind)) != [(0,)]:
        server.check()
        if time.monotonic() > end:
            raise RuntimeError("the sender did not send everything in time")
        time.sleep(0.1)
    return behind
