"""Logs: an event name and fields, one line each; never a person's words, a phone number or the token.

Whoever logs leaves such things out; what slips through all the same is masked here, in every field and every traceback.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog
from telegram.warnings import PTBUserWarning

MASK = "***"
# "123456:AAE…": the number is the bot's public id and stays, so that one sees whose token it was.
TOKEN = re.compile(r"(?<![0-9A-Za-z_])((?:bot)?\d{5,}):[A-Za-z0-9_-]{6,}")
# +86 138 0013 8000, 0086…, 13800138000, 0570-6012345. Ids, dates, hashes and report numbers have other shapes.
PHONE = re.compile(
    r"(?<![0-9A-Za-z_+-])"
    r"(?:(?:\+|00)[1-9]\d{0,2}[ -]?(?:\d[ -]?){6,11}\d|1\d{2}[ -]?\d{4}[ -]?\d{4}|0[1-9]\d{1,2}[ -]?\d{7,8})"
    r"(?![0-9A-Za-z_-])"
)


def configure(level: int = logging.INFO) -> None:
    """Set logging up for the process. httpx writes whole addresses, token included, at INFO: it is silenced."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Masking("%(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    for name in ("httpx", "httpcore", "apscheduler", "telegram", "uvicorn", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", category=PTBUserWarning)
    sys.excepthook = last_words
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_words,
            masked,
            structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.LogfmtRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def mask(text: str) -> str:
    """A text in which nothing looks like a phone number or a bot token any more."""
    return PHONE.sub(MASK, TOKEN.sub(rf"\1:{MASK}", text))


def masked(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Every field of a line, masked, however deep."""
    return {name: _masked(value) for name, value in event.items()}


def _masked(value: Any) -> Any:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, Mapping):
        return {_masked(name): _masked(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(each) for each in value]
    text = str(value)
    clean = mask(text)
    return value if clean == text else clean


class Masking(logging.Formatter):
    """For the lines of libraries, whose tracebacks may hold an address with the token."""

    def format(self, record: logging.LogRecord) -> str:
        """The line as it is written."""
        return mask(super().format(record))


def last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What the process says when it dies of an exception."""
    sys.stderr.write(mask("".join(traceback.format_exception(kind, error, trace))))


def _without_words(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """An exception's text may quote what a person wrote; its type and the places in our code are enough."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)[-8:]
        event["trace"] = " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
    return event
