"""Logs: an event name and fields, one line each; never a person's words, a phone number or the token."""

from __future__ import annotations

import logging
import sys
import traceback
import warnings
from pathlib import Path

import structlog
from telegram.warnings import PTBUserWarning


def configure(level: int = logging.INFO) -> None:
    """Set logging up for the process. httpx writes whole addresses, token included, at INFO: it is silenced."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    for name in ("httpx", "httpcore", "apscheduler", "telegram", "uvicorn", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", category=PTBUserWarning)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_words,
            structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.LogfmtRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _without_words(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """An exception's text may quote what a person wrote; its type and the places in our code are enough."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)[-8:]
        event["trace"] = " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
    return event
