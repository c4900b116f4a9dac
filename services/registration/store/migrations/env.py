"""Alembic's entry into this service's history."""

from services.registration.store.tables.whole import metadata
from shared.chassis.database.migrating import run

run(metadata)
