"""A fresh simulator for each test."""

from collections.abc import Iterator

import pytest

from simulator.bench import Bench, running


@pytest.fixture
def bench() -> Iterator[Bench]:
    with running() as fresh:
        yield fresh
