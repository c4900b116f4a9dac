"""Which faults of the database are tried again."""

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from shared.chassis.database.faults import is_transient
from shared.chassis.errors import Transient


class _Orig(Exception):
    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate
        super().__init__(sqlstate)


@pytest.mark.parametrize(
    "error",
    [
        Transient(),
        ConnectionResetError(),
        *(DBAPIError("select 1", None, _Orig(state)) for state in ("40001", "40P01", "55P03", "57P01", "08006")),
    ],
)
def test_fault_when_the_same_may_succeed_later_then_transient(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error", [ZeroDivisionError(), IntegrityError("insert", None, _Orig("23505")), DBAPIError("x", None, _Orig("42601"))]
)
def test_fault_when_it_is_a_bug_then_not_transient(error: Exception) -> None:
    assert not is_transient(error)
