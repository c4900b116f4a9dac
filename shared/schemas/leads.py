"""Facts about leads, owned by the service `registration`. None names a person: contact details stay where they were given."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from shared.schemas.base import Event, MoneyAmount


class LeadDirection(StrEnum):
    """Who shared with whom: the vendor with a partner, or a partner with the vendor."""

    TO_PARTNER = "to_partner"
    TO_VENDOR = "to_vendor"


class Missed(StrEnum):
    """What did not come in time."""

    ANSWER = "answer"
    CONVERSION = "conversion"


class LeadEvent(Event):
    """What every fact about one lead carries. `partner_id` is the partner on either side of it."""

    subject_field: ClassVar[str] = "lead_id"
    lead_id: UUID
    partner_id: UUID
    direction: LeadDirection


class LeadShared(LeadEvent):
    """A lead waits for the other side's answer until `answer_by`."""

    topic: ClassVar[str] = "lead.shared"
    account_name: str
    country: str | None = None
    families: tuple[str, ...]
    territory: str | None = None
    expected: MoneyAmount | None = None
    answer_by: AwareDatetime


class LeadReminded(LeadEvent):
    """A lead still waits for its answer, which is due at `answer_by`. Told once."""

    topic: ClassVar[str] = "lead.reminded"
    answer_by: AwareDatetime


class LeadAccepted(LeadEvent):
    """The other side took the lead up, and is to convert it before `convert_by`."""

    topic: ClassVar[str] = "lead.accepted"
    convert_by: AwareDatetime


class LeadDeclined(LeadEvent):
    """The other side does not want the lead; why is kept with it."""

    topic: ClassVar[str] = "lead.declined"


class LeadWithdrawn(LeadEvent):
    """Who shared the lead took it back before it was answered."""

    topic: ClassVar[str] = "lead.withdrawn"


class LeadAged(LeadEvent):
    """The service level was missed at `due_at`: nobody answered (the lead is over), or it was not converted (it lives on)."""

    topic: ClassVar[str] = "lead.aged"
    missed: Missed
    due_at: AwareDatetime


class LeadConverted(LeadEvent):
    """The lead became the registered deal `deal_id`."""

    topic: ClassVar[str] = "lead.converted"
    deal_id: UUID


class LeadGivenBack(LeadEvent):
    """The vendor has a lead again, since the partner with whom it was shared was suspended or left the programme."""

    topic: ClassVar[str] = "lead.given_back"


class LeadLost(LeadEvent):
    """Nothing came of an accepted lead."""

    topic: ClassVar[str] = "lead.lost"
