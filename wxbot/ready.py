"""A process tells the one that started it that it has begun to work, through a pipe that it was given."""

import os
from contextlib import suppress

READY_FD = "READY_FD"  # the variable that names the pipe's end; not one of WXBOT_, which are settings


def tell_ready() -> None:
    """Say that this process works; once, and only where somebody waits for it."""
    number = os.environ.pop(READY_FD, "")
    if number:
        with suppress(OSError):  # who waited has it from another worker already, or is gone
            os.write(int(number), b"1")
