"""Facts about partners, owned by the service `partners`."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from shared.schemas.base import Event


class PartnerType(StrEnum):
    """The five kinds of partner (who sells, who refers, who integrates)."""

    STRATEGIC_ALLIANCE = "strategic_alliance"
    CHANNEL = "channel"
    TECHNOLOGY_INTEGRATION = "technology_integration"
    CO_MARKETING = "co_marketing"
    RESELLER_AFFILIATE = "reseller_affiliate"


class PartnerFact(Event):
    """What every fact about one partner carries."""

    subject_field: ClassVar[str] = "partner_id"
    partner_id: UUID


class PartnerActivated(PartnerFact):
    """A partner has signed and may work: register deals, earn, be ranked. Sent again when a suspension ends or the details change."""

    topic: ClassVar[str] = "partner.activated"
    name: str
    partner_type: PartnerType
    region: str
    country: str | None = None
    enrolled_at: AwareDatetime


class PartnerSuspended(PartnerFact):
    """A partner may not register deals for now and is not ranked."""

    topic: ClassVar[str] = "partner.suspended"
    reason: str


class PartnerTerminated(PartnerFact):
    """The partnership ended."""

    topic: ClassVar[str] = "partner.terminated"
    reason: str


class ContactRecorded(Event):
    """Contact details of one person; the topic is compacted by person, and a tombstone erases them."""

    topic: ClassVar[str] = "contact.recorded"
    subject_field: ClassVar[str] = "person_id"
    key_field: ClassVar[str] = "person_id"
    person_id: UUID
    partner_id: UUID
    name: str
    email: str
    role: str | None = None
