"""The web's listening socket, kept by `wxbot serve` itself, so that a restart of the web refuses no connection."""

import os
import socket
from collections.abc import MutableMapping

from wxbot.errors import SettingsError

_FIRST = 3  # the number of the first socket that systemd passes
_WAITING = 2048  # connections the kernel keeps while no web process takes them


def listener(address: str, environment: MutableMapping[str, str]) -> socket.socket:
    """Return the socket that systemd has opened for us, or one of our own at `host:port`.

    Takes systemd's variables out of `environment`. Raises SettingsError, naming the setting, when something
    listens there already.
    """
    pid, count = environment.pop("LISTEN_PID", ""), environment.pop("LISTEN_FDS", "0")
    if pid == str(os.getpid()) and count != "0":
        if count != "1":
            raise SettingsError(f"systemd passes {count} sockets, wxbot takes one: keep one ListenStream")
        return socket.socket(fileno=_FIRST)
    return _bound(address)


def _bound(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    try:
        return socket.create_server((host, int(port)), backlog=_WAITING)
    except (OSError, OverflowError) as exc:
        what = f"{address} cannot be listened at ({exc})"
        raise SettingsError(f"{what}: end what is there, or choose another with bind") from None
