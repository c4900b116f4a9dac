"""What a failing statement says of itself: enough to find it, nothing of the values that it was given."""

import pytest
from sqlalchemy.exc import DBAPIError

from shared.chassis.database import Database


async def test_statement_when_it_fails_then_its_values_are_not_told(database: Database) -> None:
    with pytest.raises(DBAPIError) as raised:
        async with database.transaction() as uow:
            await uow.fetch("select 1 / $1::int, $2::text", 0, "ann@customer.example")
    assert "division by zero" in str(raised.value)
    assert "ann@customer.example" not in repr(raised.value) + str(raised.value)
