"""A store on a fresh database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from wxbot.store.engine import Store


@pytest.fixture
def store(database: Path) -> Iterator[Store]:
    one = Store(f"sqlite:///{database}")
    yield one
    one.close()
