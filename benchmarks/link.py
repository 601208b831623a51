"""A TCP port that leads elsewhere, and can be cut while both its ends live on."""

import contextlib
import socket
import threading
from collections.abc import Sequence
from typing import Any

from sqlalchemy.engine import make_url

_CONNECT = 1.0  # seconds; one that is not there is passed over


class Link:
    """Passes bytes on in both directions, unless it is cut: then they wait, as behind a dead switch."""

    def __init__(self, target: str | Sequence[tuple[str, int]], host: str = "127.0.0.1") -> None:
        """Lead from a free port of this host to a Unix socket, or to several addresses in turn."""
        self._targets: list[Any] = [target] if isinstance(target, str) else list(target)
        self._passing = threading.Event()
        self._passing.set()
        self._listener = socket.create_server((host, 0))
        self.host, self.port = host, int(self._listener.getsockname()[1])
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def of(self, url: str) -> str:
        """Return a database's URL through this link."""
        through = make_url(url).set(host=self.host, port=self.port, query={})
        return through.render_as_string(hide_password=False)

    def cut(self) -> None:
        """Let nothing through; what was sent waits."""
        self._passing.clear()

    def mend(self) -> None:
        """Let everything through again."""
        self._passing.set()

    def drop(self) -> None:
        """End every connection that leads over it."""
        while self._open:
            with contextlib.suppress(OSError):
                self._open.pop().shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Take the link away."""
        self.mend()
        self._listener.close()
        self.drop()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._lead_on, args=(near,), daemon=True).start()

    def _lead_on(self, near: socket.socket) -> None:
        far = self._reach()
        if far is None:
            near.close()
            return
        with near, far:
            self._open += [near, far]
            there = threading.Thread(target=self._pass_on, args=(near, far), daemon=True)
            there.start()
            self._pass_on(far, near)
            there.join()

    def _reach(self) -> socket.socket | None:
        """Return a connection to the next target that takes one; of several, one that does not is left out."""
        for target in list(self._targets):
            far = socket.socket(socket.AF_UNIX if isinstance(target, str) else socket.AF_INET)
            far.settimeout(_CONNECT)
            try:
                far.connect(target)
            except OSError:
                far.close()
                self._targets = [one for one in self._targets if one != target or len(self._targets) == 1]
            else:
                far.settimeout(None)
                self._targets = [*self._targets[1:], *self._targets[:1]]
                return far
        return None

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while read := one.recv(65_536):
                self._passing.wait()
                other.sendall(read)
        except OSError:
            pass
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_WR)
