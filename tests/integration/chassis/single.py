"""A database of one connection: what a transaction leaves behind on it would be seen by the next."""

from shared.chassis.database import Database

SET = "select set_config('hansa.test', $1, true)"
NOW = "select coalesce(current_setting('hansa.test', true), '')"


async def left_behind(database: Database) -> object:
    """What the next transaction sees of what an earlier one had set for itself."""
    async with database.transaction() as uow:
        return (await uow.fetch(NOW))[0][0]
