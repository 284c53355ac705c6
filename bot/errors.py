"""What became of a failure: a Refused is a kind sentence, a database fault is patience, anything else a dead letter."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

log = structlog.get_logger()

# No OSError: both drivers give theirs as OperationalError, and a TimeoutError or FileNotFoundError of a handler, which
# are OSErrors too, would keep its chat waiting for ever.
DATABASE_FAULTS = (OperationalError, InterfaceError, PoolTimeout)


def is_database_fault(error: BaseException) -> bool:
    """Whether the database, not the update, is to blame: such a failure never counts as the update's attempt."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, DATABASE_FAULTS)


def pause_after(attempts: int) -> timedelta:
    """How long a failing update waits before its next try: half a second, doubling; four tries take about eight."""
    return timedelta(seconds=0.5 * 2.0 ** (attempts - 1))


def name_of(error: BaseException) -> str:
    """An error for logs and rows: its type and place, never its text, which may hold a person's words."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{where}"
