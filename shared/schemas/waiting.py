"""Facts about the waiting list, owned by the service `registration`."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from shared.schemas.base import Event


class AccountOffered(Event):
    """An account that a partner waited for is free, and kept for it until `offered_until`."""

    topic: ClassVar[str] = "account.offered"
    subject_field: ClassVar[str] = "waiting_id"
    waiting_id: UUID
    partner_id: UUID
    account_name: str
    families: tuple[str, ...]
    territory: str
    offered_until: AwareDatetime
