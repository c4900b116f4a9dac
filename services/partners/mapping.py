"""This service's facts → the events that it publishes."""

from datetime import datetime

from services.partners.domain.contact import Contact
from services.partners.domain.partner import Activated, Fact, Suspended, Terminated
from shared.schemas import partners as published
from shared.schemas.base import Event


def event_of(fact: Fact, *, recorded_at: datetime) -> Event:
    """The published form of a fact about a partner."""
    match fact:
        case Activated(partner_id=partner_id, details=details, enrolled_at=enrolled_at, at=at):
            return published.PartnerActivated(
                partner_id=partner_id,
                name=details.name,
                partner_type=published.PartnerType(details.kind.value),
                region=details.region,
                country=details.country,
                enrolled_at=enrolled_at,
                occurred_at=at,
                recorded_at=recorded_at,
            )
        case Suspended(partner_id=partner_id, reason=reason, at=at):
            return published.PartnerSuspended(partner_id=partner_id, reason=reason, occurred_at=at, recorded_at=recorded_at)
        case Terminated(partner_id=partner_id, reason=reason, at=at):
            return published.PartnerTerminated(partner_id=partner_id, reason=reason, occurred_at=at, recorded_at=recorded_at)


def contact_recorded(contact: Contact, *, recorded_at: datetime) -> published.ContactRecorded:
    """The contact's present details; the topic is compacted, so only the latest per person stays."""
    return published.ContactRecorded(
        person_id=contact.person_id,
        partner_id=contact.partner_id,
        name=contact.reach.name,
        email=contact.reach.email,
        role=contact.reach.role,
        occurred_at=recorded_at,
        recorded_at=recorded_at,
    )
