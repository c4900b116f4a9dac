"""Leads as they are read and answered over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from services.registration.api.models import Amount, MoneyOut, Reason, Text
from services.registration.api.request_body import RequestBody
from services.registration.domain.accounts.countries import country_given
from services.registration.domain.leads.lead import Direction, Lead, LeadState, Prospect
from services.registration.domain.refusals import AmountNegative
from services.registration.mapping.deals import families_of
from services.registration.store.leads import LeadContact
from shared.chassis.money import Money
from shared.schemas.base import Currency

Optional = Annotated[str | None, Field(max_length=300)]


class ContactIn(RequestBody):
    """The person to speak to: shown to the other side only once it has accepted, and never told in an event."""

    name: Text
    email: Optional = None
    phone: Annotated[str | None, Field(max_length=60)] = None


class NewLead(RequestBody):
    """A lead to share. The vendor names the partner who gets it; a partner shares with the vendor."""

    account_name: Text = Field(description="the customer's legal name")
    account_domain: Optional = None
    country: Annotated[str | None, Field(max_length=100, description="ISO 3166 code or English name")] = None
    families: tuple[Text, ...] = Field(min_length=1, max_length=50, examples=[["GTX"]])
    territory: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    expected_amount: Amount | None = None
    currency: Currency = "USD"
    summary: Annotated[str | None, Field(max_length=2_000, description="what the customer wants; nothing about a person")] = None
    source: Annotated[str | None, Field(max_length=300, description="where it comes from", examples=["trade fair"])] = None
    contact: ContactIn | None = None
    partner_id: UUID | None = None

    def prospect(self) -> Prospect:
        """Raises FamiliesMissing, AmountNegative and the refusals of Money."""
        expected = Money.parse(self.expected_amount, self.currency) if self.expected_amount else None
        if expected and expected.minor < 0:
            raise AmountNegative
        country = country_given(self.country)
        return Prospect(
            name=self.account_name.strip(),
            domain=self.account_domain,
            country=country,
            families=families_of(self.families),
            territory=self.territory,
            expected=expected,
            summary=self.summary,
            source=self.source,
        )

    def person(self) -> LeadContact | None:
        return LeadContact(self.contact.name, self.contact.email, self.contact.phone) if self.contact else None


class LeadReasonIn(RequestBody):
    """Why."""

    reason: Reason


class ConvertIn(RequestBody):
    """What has become known of the customer meanwhile."""

    tax_id: Annotated[str | None, Field(max_length=100)] = None
    crm_ids: tuple[Text, ...] = Field((), max_length=20)


class ContactOut(BaseModel):
    name: str
    email: str | None
    phone: str | None


class LeadOut(BaseModel):
    """A lead. It is to be answered before `answer_by`, and once accepted converted before `convert_by`."""

    id: UUID
    partner_id: UUID
    direction: Direction
    state: LeadState
    version: int
    account_name: str
    account_domain: str | None
    country: str | None
    families: tuple[str, ...]
    territory: str | None
    expected: MoneyOut | None
    summary: str | None
    source: str | None
    shared_at: datetime
    answer_by: datetime
    answered_at: datetime | None
    convert_by: datetime | None
    overdue: bool
    reason: str | None
    deal_id: UUID | None


class LeadWithContactOut(LeadOut):
    """A lead as one reads it alone: with the person, where the reader may see one."""

    contact: ContactOut | None


def lead_out(lead: Lead) -> LeadOut:
    """The lead as it is listed, and as an answer to its changes, which may be kept for repeats: without the person."""
    told = lead.prospect
    return LeadOut(
        id=lead.id,
        partner_id=lead.partner_id,
        direction=lead.direction,
        state=lead.state,
        version=lead.version,
        account_name=told.name,
        account_domain=told.domain,
        country=told.country,
        families=told.families,
        territory=told.territory,
        expected=MoneyOut.of(told.expected) if told.expected else None,
        summary=told.summary,
        source=told.source,
        shared_at=lead.shared_at,
        answer_by=lead.answer_by,
        answered_at=lead.answered_at,
        convert_by=lead.convert_by,
        overdue=lead.overdue,
        reason=lead.reason,
        deal_id=lead.deal_id,
    )


def lead_with_contact(lead: Lead, contact: LeadContact | None) -> LeadWithContactOut:
    """The lead as it is read alone."""
    person = ContactOut(name=contact.name, email=contact.email, phone=contact.phone) if contact else None
    return LeadWithContactOut(**lead_out(lead).model_dump(), contact=person)
