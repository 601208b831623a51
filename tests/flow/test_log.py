"""A log line, and where it goes."""

import json
import subprocess
import sys
from typing import IO, cast

_PROGRAM = """
import sys, structlog
from wxbot import log
log.configure()
sys.stdin.readline()
structlog.get_logger("test").info("hello", action="said")
print("went on")
"""


def test_a_line_is_json_with_its_action() -> None:
    command = [sys.executable, "-c", _PROGRAM]
    told = subprocess.run(command, input="now\n", capture_output=True, text=True, check=True)

    assert json.loads(told.stderr)["action"] == "said"


def test_a_line_that_nobody_reads_stops_nothing() -> None:
    command = [sys.executable, "-c", _PROGRAM]
    with subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, text=True) as process:
        cast(IO[str], process.stderr).close()
        assert process.communicate("now\n")[0] == "went on\n"
