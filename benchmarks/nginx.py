"""A real nginx of our own on loopback, by the configuration that is shipped; nothing of the system's is touched."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHIPPED = Path(__file__).parents[1] / "config" / "nginx.conf"
_MAIN = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
worker_processes 1;
events {{ worker_connections 2048; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/wxbot.conf;
}}
"""


def installed() -> str | None:
    """Return where nginx lies; None when this machine has none."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def rendered(listens_at: int, passes_to: int) -> str:
    """Return the shipped configuration with its two ports changed, and nothing else."""
    text = SHIPPED.read_text("utf-8")
    for shipped, ours in (
        ("listen 80;", f"listen 127.0.0.1:{listens_at};"),
        ("server 127.0.0.1:8000 ", f"server 127.0.0.1:{passes_to} "),
    ):
        assert text.count(shipped) == 1, shipped
        text = text.replace(shipped, ours)
    return text


@contextmanager
def nginx(folder: Path, listens_at: int, passes_to: int, *, buffers: bool = True) -> Iterator[None]:
    """Run it while the block runs; who uses it waits until it answers. `buffers=False` plants a bug."""
    program = installed()
    assert program, "nginx is not installed: apt-get install nginx-light"
    folder.mkdir()
    planted = "" if buffers else "proxy_request_buffering off;\n"
    (folder / "wxbot.conf").write_text(planted + rendered(listens_at, passes_to))
    user = "user root;" if os.getuid() == 0 else ""  # else its worker may not write what it buffers into our folder
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder, user=user))
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "nginx.log")]
    with subprocess.Popen(command) as process:
        try:
            yield
        finally:
            process.terminate()
