"""Alembic's entry into this service's history."""

from services.notifications.store.tables import metadata
from shared.chassis.database.migrating import run

run(metadata)
