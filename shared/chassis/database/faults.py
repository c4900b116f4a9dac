"""Telling a passing fault of the database from a real one."""

import asyncio

import asyncpg
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.chassis.errors import Transient

# Serialisation, deadlock, lock not available, connection classes, too many connections, shutdown, statement timeout, read-only standby.
_PASSING_STATES = {"40001", "40P01", "55P03", "53300", "57P01", "57P02", "57P03", "57014", "25006"}


class DriverError(Exception):
    """What the driver said, without the values that it may have quoted: its text goes to logs and dead letters."""

    def __init__(self, error: Exception) -> None:
        text = str(error.args[0]) if error.args else type(error).__name__
        super().__init__(text.split(":")[0] if isinstance(error, asyncpg.DataError) else text)
        self.sqlstate: str | None = getattr(error, "sqlstate", None)


def told(error: Exception, sql: str, *, is_lost: bool) -> DBAPIError:
    """The driver's error as SQLAlchemy would have told it; `is_lost` says that the connection is closed."""
    kind: type[DBAPIError] = DBAPIError
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        kind = IntegrityError
    elif isinstance(error, asyncpg.InterfaceError) and not isinstance(error, asyncpg.DataError):  # a value that it cannot send stays one
        kind = InterfaceError
    is_lost = is_lost or isinstance(error, asyncpg.InternalClientError)
    return kind(sql, None, DriverError(error), hide_parameters=True, connection_invalidated=is_lost)


def is_broken(error: BaseException) -> bool:
    """Whether the connection on which it happened is of no use any more."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


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
