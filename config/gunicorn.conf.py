"""How gunicorn serves wxbot; `wxbot serve` uses this file, and so can you: gunicorn -c config/gunicorn.conf.py.

Behind a buffering proxy in the open (config/nginx.conf): threads must not wait for slow clients.
"""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import wxbot.app  # noqa: F401  # in the master, so that a worker is there in a moment and shares the memory
from wxbot.ready import tell_ready
from wxbot.settings import load

_settings = load(os.environ)

wsgi_app = "wxbot.app:create_app()"
bind = _settings.bind
workers = _settings.workers
threads = _settings.threads
worker_class = "gthread"
preload_app = False  # code is loaded before the fork, the app made after it; new code needs a new master
keepalive = 20  # seconds; longer than the platform's pauses between pushes of a busy hour
timeout = 30  # seconds a worker may be silent; requests end long before
graceful_timeout = 8  # seconds for requests in flight when stopping
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
errorlog = "-"
loglevel = "warning"
_cores = sorted(os.sched_getaffinity(0)) if _settings.worker_cpu_affinity else []


def pre_fork(server: Any, worker: Any) -> None:
    """Choose the core for a worker that the fewest others have, here where all of them are known."""
    taken = Counter(other.core for other in server.WORKERS.values())
    worker.core = min(_cores, key=taken.__getitem__, default=None)


def post_fork(_: Any, worker: Any) -> None:
    """Keep a worker's threads to its core: one of them at a time runs Python, and each change of core costs."""
    if worker.core is not None:
        os.sched_setaffinity(0, {worker.core})


def post_worker_init(worker: object) -> None:
    """Tell `wxbot serve` that a worker can take pushes, so that the web before may end."""
    tell_ready()
