"""The threads of a process share two heaps: with one for each it would go on growing."""

import platform
import subprocess
import sys

import pytest

HEAPS = """
import ctypes, os, sys, threading
{first}
together = threading.Barrier(9)
def work():
    kept = [bytes(10_000) for _ in range(100)]
    together.wait()
for _ in range(8):
    threading.Thread(target=work).start()
together.wait()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
libc.malloc_info(0, out := ctypes.c_void_p(libc.fdopen(1, b"w")))
libc.fflush(out)
"""


def heaps(first: str) -> int:
    told = subprocess.run([sys.executable, "-c", HEAPS.format(first=first)], capture_output=True, check=True)
    return told.stdout.count(b"<heap nr=")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has other heaps")
def test_many_threads_share_two_heaps() -> None:
    assert heaps("from wxbot.background import share_heaps; share_heaps()") == 2
    assert heaps("") > 2
