"""A deployment that is replaced under load refuses no push, and does the work of each once."""

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.deployment import Deployment, Surroundings, deployed, is_ready, workers
from benchmarks.figures.deploys import failed, restarted_under_load, serving

RESTARTS = 2
LATER = "SELECT count(*) FROM followups WHERE state <> 'sent'"

pytestmark = pytest.mark.timeout(300)  # a loaded machine takes long to start processes twenty times


def _log(place: Deployment) -> str:
    return (place.folder / "processes.log").read_text()


def test_rolling_restarts_under_load_fail_no_push_and_double_and_lose_nothing(url: str, tmp_path: Path) -> None:
    with deployed(url, tmp_path) as place:
        done, told = restarted_under_load(place, RESTARTS)
        place.until(lambda: place.rows(LATER) == [(0,)], 180)

        assert done == RESTARTS
        assert failed(told) == 0
        for user, pushes in told:
            shown = [
                each["text"] for each in place.get(f"/sim/users/{user}/phone")["items"] if each["via"] == "custom"
            ]
            wanted = [f"order {number} is on its way #{number}" for number in range(len(pushes))]
            assert Counter(shown) == Counter(wanted)


def test_an_upgrade_that_does_not_start_leaves_what_runs(database: Path, tmp_path: Path) -> None:
    with deployed(f"sqlite:///{database}", tmp_path) as place:
        serve = serving(place, WXBOT_WORKERS="1")  # a second one might begin after the mistake is made
        before = workers(serve)
        (tmp_path / "bot_to_kill.py").write_text("a mistake")
        serve.send_signal(signal.SIGHUP)
        place.until(lambda: "process_not_replaced" in _log(place))
        place.until(lambda: workers(serve) == before)

        user = place.post("/sim/users")["openid"]
        told = place.post(f"/sim/users/{user}/actions", {"type": "text", "content": "order 1"})
        assert told["reply"]["text"] == "order 1 taken"


def test_sigterm_ends_everything_and_frees_the_address(database: Path, tmp_path: Path) -> None:
    with deployed(f"sqlite:///{database}", tmp_path) as place:
        serve = serving(place)
        serve.terminate()
        assert serve.wait(20) == 0
        place.processes.remove(serve)
        assert not is_ready(place.environment["WXBOT_BIND"])
        serving(place)


def test_a_socket_that_systemd_keeps_is_served(database: Path, tmp_path: Path) -> None:
    """The variables name the process itself, so a shell sets them and becomes wxbot."""
    surroundings = Surroundings()
    with deployed(f"sqlite:///{database}", tmp_path, surroundings) as place:
        begin = (
            "import os, socket, sys; kept = socket.create_server(('127.0.0.1', int(sys.argv[1])));"
            "os.dup2(kept.fileno(), 3); os.set_inheritable(3, True);"
            "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1');"
            "os.execv(sys.executable, [sys.executable, '-m', 'wxbot.cli', 'serve'])"
        )
        command = [sys.executable, "-c", begin, str(place.port)]
        environment = {**place.environment, "WXBOT_BIND": "127.0.0.1:1"}  # nobody but root can listen there
        with (tmp_path / "processes.log").open("ab") as log:
            place.processes.append(subprocess.Popen(command, env=environment, stderr=log))
        place.until(lambda: is_ready(f"127.0.0.1:{place.port}"))
