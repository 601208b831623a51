"""Slow clients do not stop honest pushes, behind a real nginx by the shipped configuration."""

import os
import subprocess
from pathlib import Path

import pytest

from benchmarks.deployment import deployed
from benchmarks.figures.slow_clients import behind_nginx, written
from benchmarks.nginx import installed

SLOW, HONEST = 48, 20


@pytest.fixture(scope="module", autouse=True)
def _nginx_is_there() -> None:
    """Skip where nginx is missing and cannot be installed; in CI that is a failure."""
    if installed() is None and os.getuid() == 0 and os.environ.get("CI"):
        subprocess.run(["bash", str(Path(__file__).parents[2] / ".ci" / "nginx")], check=True)
    if installed() is None and not os.environ.get("CI"):
        pytest.skip("nginx is not installed: apt-get install nginx-light")


def test_every_honest_push_is_answered_among_slow_clients(database: Path, tmp_path: Path) -> None:
    with deployed(f"sqlite:///{database}", tmp_path) as place, behind_nginx(place):
        honest = written(place, HONEST, SLOW)

        assert (honest.pushes, honest.unanswered, honest.tried_again) == (HONEST, 0, 0)
