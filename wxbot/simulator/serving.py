"""Running the simulator: gunicorn, with one process since the state lives in memory, and many threads."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # gunicorn ships none

_THREADS = 256  # each call that a fault holds, and each page that watches, keeps one


class SimulatorServer(BaseApplication):  # type: ignore[misc]  # so its base is Any
    """A gunicorn master with one worker; `make_app` runs in the worker, after the fork."""

    def __init__(self, address: str, make_app: Callable[[], Flask], ready: Callable[[], None]) -> None:
        """`address` is `host:port`; `ready` is called once it accepts connections."""
        self._make_app = make_app
        self._options: dict[str, Any] = {
            "bind": address,
            "workers": 1,
            "threads": _THREADS,
            "worker_class": "gthread",
            "graceful_timeout": 1,  # seconds; a push under way may be cut off when the simulator stops
            "timeout": 0,  # a fault may hold a call as long as it likes
            "keepalive": 75,  # seconds; who calls now and then must not meet a connection just being closed
            "loglevel": "warning",
            "control_socket_disable": True,
            "when_ready": lambda _: ready(),
        }
        super().__init__()

    def load_config(self) -> None:
        """Hand the options to gunicorn; the command line and the environment have no say."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the app, made in the worker so that its threads belong to it."""
        return self._make_app()
