"""The bare view with the wait that a sync of the disk costs: who stores what it answers cannot avoid it."""

import time

from flask import Flask, Response

from benchmarks.speed.rivals import bare

app = Flask(__name__, static_folder=None)
_WAIT = 0.004  # seconds: what a push waits for its commit, at 32 connections on two cores


@app.post("/wechat")
def receive() -> Response:
    """Read the push, wait, and answer."""
    answer = bare.receive()
    time.sleep(_WAIT)
    return answer
