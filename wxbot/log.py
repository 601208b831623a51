"""Structured logs: one JSON object a line on standard error, with a stable `action` key.

Never a token, a secret or a message's text, and nothing from a push that was not verified.
"""

import logging
import sys

import structlog


def configure(*, pretty: bool = False) -> None:
    """Set up logging for this process; `pretty` is for people at a terminal."""
    render = structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer(ensure_ascii=False)
    tracebacks = [] if pretty else [structlog.processors.format_exc_info]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *tracebacks,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.getLogger("urllib3").setLevel(logging.WARNING)  # its debug lines carry URLs with access_tokens
