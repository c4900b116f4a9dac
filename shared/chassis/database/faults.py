"""Telling a passing fault of the database from a real one."""

import asyncio

import asyncpg
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.chassis.errors import Transient

# Serialisation, deadlock, lock not available, connection classes, too many connections, shutdown, statement timeout, read-only standby.
_PASSING_STATES = {"40001", "40P01", "55P03", "53300", "57P01", "57P02", "57P03", "57014", "25006"}


def see_broken_connection(context: ExceptionContext) -> None:
    """A connection cut at a bad moment stays in the middle of an operation: the driver's internal error means a lost connection.

    For an engine's `handle_error`: the pool then makes a new one, and `is_transient` finds it in `connection_invalidated`.
    """
    if isinstance(context.original_exception.__cause__, asyncpg.InternalClientError):
        context.is_disconnect = True


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed if it is simply tried again."""
    if isinstance(error, Transient | PoolTimeout | InterfaceError | ConnectionError | asyncio.TimeoutError | OSError):
        return True
    if isinstance(error, DBAPIError):
        state = str(getattr(error.orig, "sqlstate", "") or "")
        return error.connection_invalidated or state in _PASSING_STATES or state.startswith("08")
    state = str(getattr(error, "sqlstate", "") or "")  # asyncpg's own errors, from connections outside the pool
    return state in _PASSING_STATES or state.startswith("08")
