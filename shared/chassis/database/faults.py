"""Telling a passing fault of the database from a real one."""

import asyncio

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.chassis.errors import Transient

# Serialisation, deadlock, lock not available, connection classes, too many connections, shutdown, statement timeout, read-only standby.
_PASSING_STATES = {"40001", "40P01", "55P03", "53300", "57P01", "57P02", "57P03", "57014", "25006"}


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed if it is simply tried again."""
    if isinstance(error, Transient | PoolTimeout | InterfaceError | ConnectionError | asyncio.TimeoutError | OSError):
        return True
    if isinstance(error, DBAPIError):
        if isinstance(getattr(error.orig, "__cause__", None), asyncpg.InternalClientError):
            return True  # a connection that was cut in the middle of an operation
        state = str(getattr(error.orig, "sqlstate", "") or "")
        return error.connection_invalidated or state in _PASSING_STATES or state.startswith("08")
    state = str(getattr(error, "sqlstate", "") or "")  # asyncpg's own errors, from connections outside the pool
    return state in _PASSING_STATES or state.startswith("08")
