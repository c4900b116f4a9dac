"""The metadata once every table has been declared: what migrations and the start compare the database with."""

from services.registration.store.tables import accounts, conflicts, coselling, intake, leads, receipts, reviews
from services.registration.store.tables.deals import metadata

__all__ = ["metadata"]

_PARTS = (accounts, conflicts, coselling, intake, leads, receipts, reviews)  # declared by being imported
