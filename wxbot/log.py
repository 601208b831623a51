"""Structured logs: one JSON object a line on standard error, with a stable `action` key.

Never a token, a secret or a message's text, and nothing from a push that was not verified.
"""

import json
import logging
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog

# Made once: `json.dumps` makes one for each line.
_encode = json.JSONEncoder(ensure_ascii=False, default=repr).encode


class _Stderr:
    """Standard error as it is when a line is written: a program around us may put another in its place.

    A line that nobody reads any more stops no message.
    """

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            return sys.stderr.write(text)
        return 0

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()


def configure(*, quiet: bool = False) -> None:
    """Set up logging for this process; `quiet` leaves out all but errors, for commands that print an answer."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(lambda event, **_: _encode(event)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR if quiet else logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _Stderr())),
        cache_logger_on_first_use=True,
    )
    logging.getLogger("urllib3").setLevel(logging.WARNING)  # its debug lines carry URLs with access_tokens
