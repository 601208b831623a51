"""Where things of a benchmark listen."""

import socket

from wxbot.testing import served as served  # every ring of the tests and benchmarks takes it from here


def free_port() -> int:
    """Return a port that nobody listens at just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
