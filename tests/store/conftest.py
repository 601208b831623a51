"""A store on a fresh database of each kind."""

from collections.abc import Iterator

import pytest

from wxbot.store.engine import Store


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    one = Store(url)
    yield one
    one.close()
