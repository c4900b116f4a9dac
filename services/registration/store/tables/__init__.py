"""The tables, by idea."""

from services.registration.store.tables.deals import SHARED_TABLES

__all__ = ["SHARED_TABLES"]
