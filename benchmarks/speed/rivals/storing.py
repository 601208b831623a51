"""What an article shows, with one row for each push: Python's own sqlite3, FULL sync, one connection a thread."""

import os
import sqlite3
import threading

from flask import Flask, Response, request

from benchmarks.speed.rivals import verified

app = Flask(__name__, static_folder=None)
_local = threading.local()


def _store() -> sqlite3.Connection:
    found: sqlite3.Connection | None = getattr(_local, "store", None)
    if found is None:
        found = _local.store = sqlite3.connect(os.environ["STORE"], timeout=4.0, isolation_level=None)
        found.execute("PRAGMA journal_mode = WAL")
        found.execute("PRAGMA synchronous = FULL")
        found.execute("CREATE TABLE IF NOT EXISTS pushes (body BLOB)")
    return found


@app.post("/wechat")
def receive() -> Response:
    """Verify, parse, store, answer."""
    answer = verified.receive()
    _store().execute("INSERT INTO pushes (body) VALUES (?)", (request.get_data(),))
    return answer
