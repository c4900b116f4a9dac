"""The life of a lead: shared by one side, answered by the other within the service level, then converted to a deal or lost."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.registration.domain.deals.business_hours import BusinessHours
from services.registration.domain.leads import refusals as no
from services.registration.domain.values import PartnerId
from shared.chassis.money import Money
from shared.chassis.values import replace

LeadId = NewType("LeadId", UUID)


class Direction(StrEnum):
    """Who shares with whom: the vendor with a partner, or a partner with the vendor."""

    TO_PARTNER = "to_partner"
    TO_VENDOR = "to_vendor"


class Side(StrEnum):
    """The two who may act."""

    PARTNER = "partner"
    VENDOR = "vendor"


class LeadState(StrEnum):
    """Shared until it is answered; accepted until it is converted or lost. The others are final.

    `given_back`: the vendor has it again, since the partner that had it may not work any more.
    """

    SHARED = "shared"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    AGED = "aged"
    CONVERTED = "converted"
    LOST = "lost"
    GIVEN_BACK = "given_back"


class LeadFact(StrEnum):
    """What happened to a lead; the lead as it then stands carries the rest. `overdue`: accepted, and not converted in time."""

    SHARED = "shared"
    REMINDED = "reminded"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    AGED = "aged"
    OVERDUE = "overdue"
    CONVERTED = "converted"
    LOST = "lost"
    GIVEN_BACK = "given_back"


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """An answer within so many business hours, with a reminder after some of them; a conversion within whole days after it."""

    hours: BusinessHours
    answer_within_hours: int
    remind_after_hours: int
    convert_within_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What is known of the customer and of what it wants; no person's data."""

    name: str
    domain: str | None
    country: str | None
    families: tuple[str, ...]
    territory: str | None
    expected: Money | None
    summary: str | None
    source: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """One lead; `version` counts its facts from 1. `answer_by` and `convert_by` are excluded: at that instant it is too late."""

    id: LeadId
    partner_id: PartnerId
    direction: Direction
    prospect: Prospect
    shared_at: datetime
    remind_at: datetime
    answer_by: datetime
    state: LeadState = LeadState.SHARED
    version: int = 1
    reminded: bool = False
    answered_at: datetime | None = None
    convert_by: datetime | None = None
    overdue: bool = False
    reason: str | None = None
    deal_id: UUID | None = None

    @property
    def giver(self) -> Side:
        return Side.VENDOR if self.direction is Direction.TO_PARTNER else Side.PARTNER

    def shows_contact_to(self, side: Side) -> bool:
        """Contact details are for the receiving side only once it has accepted; the giving side sees what it gave."""
        return side is self.giver or self.state in (LeadState.ACCEPTED, LeadState.CONVERTED, LeadState.LOST)


Step = tuple[Lead, LeadFact]


def share(lead_id: LeadId, *, partner_id: PartnerId, direction: Direction, prospect: Prospect, level: ServiceLevel, now: datetime) -> Step:
    """A fresh lead with its deadlines, counted in business hours."""
    lead = Lead(
        id=lead_id,
        partner_id=partner_id,
        direction=direction,
        prospect=prospect,
        shared_at=now,
        remind_at=level.hours.add(now, level.remind_after_hours),
        answer_by=level.hours.add(now, level.answer_within_hours),
    )
    return lead, LeadFact.SHARED


def accept(lead: Lead, *, by: Side, level: ServiceLevel, now: datetime) -> Step:
    """The receiving side takes it up. Raises LeadOtherSide, LeadNotOpen, LeadTooLate."""
    _check_answer(lead, by, now)
    until = now + timedelta(days=level.convert_within_days)
    return _moved(lead, LeadState.ACCEPTED, answered_at=now, convert_by=until), LeadFact.ACCEPTED


def decline(lead: Lead, *, by: Side, reason: str, now: datetime) -> Step:
    """The receiving side does not want it. Raises LeadOtherSide, LeadNotOpen, LeadTooLate."""
    _check_answer(lead, by, now)
    return _moved(lead, LeadState.DECLINED, answered_at=now, reason=reason), LeadFact.DECLINED


def withdraw(lead: Lead, *, by: Side, reason: str) -> Step:
    """The giving side takes back what nobody answered. Raises LeadOtherSide, LeadNotOpen."""
    if by is not lead.giver:
        raise no.LeadOtherSide(side="shared")
    _check_open(lead)
    return _moved(lead, LeadState.WITHDRAWN, reason=reason), LeadFact.WITHDRAWN


def check_convertible(lead: Lead, *, by: Side) -> None:
    """Raises LeadOtherSide, LeadNotAccepted."""
    if by is lead.giver:
        raise no.LeadOtherSide(side="received")
    if lead.state is not LeadState.ACCEPTED:
        raise no.LeadNotAccepted(state=lead.state)


def convert(lead: Lead, *, by: Side, deal_id: UUID) -> Step:
    """It became a registered deal; late is better than never. Raises LeadOtherSide, LeadNotAccepted."""
    check_convertible(lead, by=by)
    return _moved(lead, LeadState.CONVERTED, deal_id=deal_id), LeadFact.CONVERTED


def lose(lead: Lead, *, by: Side, reason: str) -> Step:
    """Nothing came of it. Raises LeadOtherSide, LeadNotAccepted."""
    check_convertible(lead, by=by)
    return _moved(lead, LeadState.LOST, reason=reason), LeadFact.LOST


def part_ways(lead: Lead, *, gone: bool, reason: str) -> Step | None:
    """What becomes of an open lead when its partner may not work any more. With `gone` the partner does not come back.

    What the vendor shared goes back to it. What the partner shared waits for a suspended one; without the partner it cannot be converted.
    """
    if lead.state not in (LeadState.SHARED, LeadState.ACCEPTED):
        return None
    if lead.direction is Direction.TO_PARTNER:
        return _moved(lead, LeadState.GIVEN_BACK, reason=reason), LeadFact.GIVEN_BACK
    if not gone:
        return None
    if lead.state is LeadState.SHARED:
        return _moved(lead, LeadState.WITHDRAWN, reason=reason), LeadFact.WITHDRAWN
    return _moved(lead, LeadState.LOST, reason=reason), LeadFact.LOST


def due(lead: Lead, *, now: datetime) -> Step | None:
    """What the service level asks for at `now`: a reminder once, the end of what nobody answered, a mark on what was not converted."""
    if lead.state is LeadState.SHARED and lead.answer_by <= now:
        return _moved(lead, LeadState.AGED), LeadFact.AGED
    if lead.state is LeadState.SHARED and not lead.reminded and lead.remind_at <= now:
        return replace(lead, reminded=True, version=lead.version + 1), LeadFact.REMINDED
    if lead.state is LeadState.ACCEPTED and not lead.overdue and lead.convert_by is not None and lead.convert_by <= now:
        return replace(lead, overdue=True, version=lead.version + 1), LeadFact.OVERDUE
    return None


def _moved(
    lead: Lead,
    state: LeadState,
    *,
    answered_at: datetime | None = None,
    convert_by: datetime | None = None,
    reason: str | None = None,
    deal_id: UUID | None = None,
) -> Lead:
    return replace(
        lead,
        state=state,
        version=lead.version + 1,
        answered_at=answered_at or lead.answered_at,
        convert_by=convert_by or lead.convert_by,
        reason=reason or lead.reason,
        deal_id=deal_id or lead.deal_id,
    )


def _check_open(lead: Lead) -> None:
    if lead.state is not LeadState.SHARED:
        raise no.LeadNotOpen(state=lead.state)


def _check_answer(lead: Lead, by: Side, now: datetime) -> None:
    if by is lead.giver:
        raise no.LeadOtherSide(side="received")
    _check_open(lead)
    if lead.answer_by <= now:  # decided here, whenever the timer comes by
        raise no.LeadTooLate(answer_by=lead.answer_by.isoformat(timespec="minutes"))
