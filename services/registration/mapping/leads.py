"""What happened to leads, as published events: without a word of free text, and without a person."""

from datetime import datetime
from typing import TypedDict, TypeVar
from uuid import UUID

from services.registration.domain.leads.lead import Lead, LeadFact
from shared.schemas import leads as out
from shared.schemas.base import Event, MoneyAmount

T = TypeVar("T")
_PLAIN: dict[LeadFact, type[out.LeadEvent]] = {
    LeadFact.DECLINED: out.LeadDeclined,
    LeadFact.WITHDRAWN: out.LeadWithdrawn,
    LeadFact.LOST: out.LeadLost,
    LeadFact.GIVEN_BACK: out.LeadGivenBack,
}


class _Head(TypedDict):
    lead_id: UUID
    partner_id: UUID
    direction: out.LeadDirection
    occurred_at: datetime
    recorded_at: datetime


def event_of(lead: Lead, fact: LeadFact, *, now: datetime) -> Event:
    """The published event of a fact; `lead` is the lead after it."""
    direction = out.LeadDirection(lead.direction.value)
    head = _Head(lead_id=lead.id, partner_id=lead.partner_id, direction=direction, occurred_at=now, recorded_at=now)
    match fact:
        case LeadFact.SHARED:
            return _shared(lead, head)
        case LeadFact.REMINDED:
            return out.LeadReminded(**head, answer_by=lead.answer_by)
        case LeadFact.ACCEPTED:
            return out.LeadAccepted(**head, convert_by=_given(lead.convert_by))
        case LeadFact.AGED:
            return out.LeadAged(**head, missed=out.Missed.ANSWER, due_at=lead.answer_by)
        case LeadFact.OVERDUE:
            return out.LeadAged(**head, missed=out.Missed.CONVERSION, due_at=_given(lead.convert_by))
        case LeadFact.CONVERTED:
            return out.LeadConverted(**head, deal_id=_given(lead.deal_id))
        case _:
            return _PLAIN[fact](**head)


def _shared(lead: Lead, head: _Head) -> Event:
    told = lead.prospect
    return out.LeadShared(
        **head,
        account_name=told.name,
        country=told.country,
        families=told.families,
        territory=told.territory,
        expected=MoneyAmount(amount_minor=told.expected.minor, currency=told.expected.currency) if told.expected else None,
        answer_by=lead.answer_by,
    )


def _given(value: T | None) -> T:
    if value is None:
        raise ValueError("a lead in this state has it")
    return value
