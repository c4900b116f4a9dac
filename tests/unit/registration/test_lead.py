"""The life of a lead: who may do what, and what the service level asks for."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from services.registration.domain.deals.business_hours import BusinessHours
from services.registration.domain.leads import lead as life
from services.registration.domain.leads import refusals as no
from services.registration.domain.leads.lead import Direction, Lead, LeadFact, LeadId, LeadState, Prospect, ServiceLevel, Side
from services.registration.domain.values import PartnerId

FRIDAY = datetime(2026, 2, 6, 12, tzinfo=UTC)
LEVEL = ServiceLevel(BusinessHours(ZoneInfo("UTC"), frozenset(range(5)), 540, 1020), 16, 8, 90)
PROSPECT = Prospect(name="Acme", domain=None, country="DE", families=("GTX",), territory=None, expected=None, summary=None, source=None)


def a_lead(direction: Direction = Direction.TO_PARTNER) -> Lead:
    return life.share(
        LeadId(UUID(int=1)), partner_id=PartnerId(UUID(int=2)), direction=direction, prospect=PROSPECT, level=LEVEL, now=FRIDAY
    )[0]


def accepted(direction: Direction = Direction.TO_PARTNER) -> Lead:
    by = Side.PARTNER if direction is Direction.TO_PARTNER else Side.VENDOR
    return life.accept(a_lead(direction), by=by, level=LEVEL, now=FRIDAY)[0]


def test_share_when_on_a_friday_then_the_weekend_does_not_count() -> None:
    lead = a_lead()
    assert lead.remind_at == datetime(2026, 2, 9, 12, tzinfo=UTC)
    assert lead.answer_by == datetime(2026, 2, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize("direction", Direction)
def test_answer_when_by_the_giving_side_then_refused(direction: Direction) -> None:
    lead = a_lead(direction)
    with pytest.raises(no.LeadOtherSide):
        life.accept(lead, by=lead.giver, level=LEVEL, now=FRIDAY)
    with pytest.raises(no.LeadOtherSide):
        life.decline(lead, by=lead.giver, reason="x", now=FRIDAY)
    other = Side.VENDOR if lead.giver is Side.PARTNER else Side.PARTNER
    with pytest.raises(no.LeadOtherSide):
        life.withdraw(lead, by=other, reason="x")


def test_accept_when_at_the_deadline_then_too_late_and_a_tick_before_in_time() -> None:
    lead = a_lead()
    with pytest.raises(no.LeadTooLate):
        life.accept(lead, by=Side.PARTNER, level=LEVEL, now=lead.answer_by)
    in_time, fact = life.accept(lead, by=Side.PARTNER, level=LEVEL, now=lead.answer_by - timedelta(microseconds=1))
    assert (in_time.state, fact) == (LeadState.ACCEPTED, LeadFact.ACCEPTED)


def test_answer_when_already_answered_then_refused() -> None:
    with pytest.raises(no.LeadNotOpen):
        life.decline(accepted(), by=Side.PARTNER, reason="x", now=FRIDAY)
    with pytest.raises(no.LeadNotOpen):
        life.withdraw(accepted(), by=Side.VENDOR, reason="x")


def test_convert_when_not_accepted_then_refused() -> None:
    with pytest.raises(no.LeadNotAccepted):
        life.convert(a_lead(), by=Side.PARTNER, deal_id=UUID(int=3))
    converted, _ = life.convert(accepted(), by=Side.PARTNER, deal_id=UUID(int=3))
    with pytest.raises(no.LeadNotAccepted):
        life.lose(converted, by=Side.PARTNER, reason="x")


def test_due_when_time_passes_then_reminded_once_and_then_aged() -> None:
    lead = a_lead()
    assert life.due(lead, now=lead.remind_at - timedelta(microseconds=1)) is None
    reminded = life.due(lead, now=lead.remind_at)
    assert reminded is not None
    assert reminded[1] is LeadFact.REMINDED
    assert life.due(reminded[0], now=lead.answer_by - timedelta(microseconds=1)) is None
    aged = life.due(reminded[0], now=lead.answer_by)
    assert aged is not None
    assert (aged[0].state, aged[1]) == (LeadState.AGED, LeadFact.AGED)
    assert life.due(aged[0], now=lead.answer_by + timedelta(days=900)) is None


def test_due_when_it_was_not_converted_in_time_then_marked_once_and_it_may_still_convert() -> None:
    lead = accepted()
    overdue = life.due(lead, now=FRIDAY + timedelta(days=90))
    assert overdue is not None
    assert (overdue[0].state, overdue[0].overdue, overdue[1]) == (LeadState.ACCEPTED, True, LeadFact.OVERDUE)
    assert life.due(overdue[0], now=FRIDAY + timedelta(days=900)) is None
    assert life.convert(overdue[0], by=Side.PARTNER, deal_id=UUID(int=3))[0].state is LeadState.CONVERTED


@pytest.mark.parametrize("direction", Direction)
def test_contact_when_not_accepted_then_hidden_from_the_receiving_side_alone(direction: Direction) -> None:
    lead = a_lead(direction)
    receiver = Side.PARTNER if lead.giver is Side.VENDOR else Side.VENDOR
    declined, _ = life.decline(lead, by=receiver, reason="x", now=FRIDAY)
    assert [each.shows_contact_to(receiver) for each in (lead, declined, accepted(direction))] == [False, False, True]
    assert lead.shows_contact_to(lead.giver)


@pytest.mark.parametrize("lead", [a_lead(), accepted()])
@pytest.mark.parametrize("gone", [False, True])
def test_part_ways_when_the_vendor_shared_it_then_it_goes_back_and_the_person_is_hidden(lead: Lead, gone: bool) -> None:
    step = life.part_ways(lead, gone=gone, reason="why")
    assert step is not None
    after, fact = step
    assert (after.state, fact, after.reason) == (LeadState.GIVEN_BACK, LeadFact.GIVEN_BACK, "why")
    assert (after.shows_contact_to(Side.PARTNER), after.shows_contact_to(Side.VENDOR)) == (False, True)
    assert life.part_ways(after, gone=gone, reason="why") is None


def test_part_ways_when_the_partner_shared_it_then_it_is_over_only_if_the_partner_is_gone() -> None:
    waiting, taken = a_lead(Direction.TO_VENDOR), accepted(Direction.TO_VENDOR)
    assert [life.part_ways(lead, gone=False, reason="why") for lead in (waiting, taken)] == [None, None]
    steps = [life.part_ways(lead, gone=True, reason="why") for lead in (waiting, taken)]
    assert [step and step[1] for step in steps] == [LeadFact.WITHDRAWN, LeadFact.LOST]
