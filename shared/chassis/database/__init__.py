"""A service's own store: transactions, roles, isolation between partners, migrations."""

from shared.chassis.database.access import Actor, current_actor, every_partner
from shared.chassis.database.engine import Database
from shared.chassis.database.tables import NAMING, SHARED_TABLES, chassis_metadata
from shared.chassis.database.unit_of_work import UnitOfWork

__all__ = ["NAMING", "SHARED_TABLES", "Actor", "Database", "UnitOfWork", "chassis_metadata", "current_actor", "every_partner"]
