"""Alembic's entry into this service's history."""

from services.registration.store import tables_coselling, tables_leads  # noqa: F401 - their tables belong to the same metadata
from services.registration.store.tables import metadata
from shared.chassis.database.migrating import run

run(metadata)
