"""The clock in a file: whoever comes first makes it, and all that follow it move together."""

import time
from pathlib import Path

import pytest

from wxbot.clock import SharedClock


@pytest.mark.parametrize("content", [None, b""])
def test_it_is_made_also_where_another_process_has_just_begun_to(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "clock"
    if content is not None:
        file.write_bytes(content)

    assert abs(SharedClock(file).now() - time.time()) < 60


def test_those_on_one_file_move_together_and_who_comes_later_finds_them_moved(tmp_path: Path) -> None:
    first, second = SharedClock(tmp_path / "clock"), SharedClock(tmp_path / "clock")
    first.advance(3600)

    for clock in (first, second, SharedClock(tmp_path / "clock")):
        assert 3540 < clock.now() - time.time() < 3660
