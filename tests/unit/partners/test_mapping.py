"""This service's facts in their published form."""

from datetime import UTC, datetime
from uuid import UUID

from services.partners.domain.contact import Contact, PersonId, Reach, change
from services.partners.domain.partner import Activated, Details, Kind, PartnerId, Suspended, Terminated
from services.partners.mapping import contact_recorded, event_of
from shared.schemas.partners import PartnerActivated, PartnerSuspended, PartnerTerminated, PartnerType

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 9, tzinfo=UTC)
ID = PartnerId(UUID(int=1))
ADA = Contact(PersonId(UUID(int=2)), ID, Reach("Ada", "ada@example.com"))


def test_kinds_when_compared_with_the_published_types_then_the_same() -> None:
    assert {kind.value for kind in Kind} == {published.value for published in PartnerType}


def test_activated_when_published_then_carries_what_consumers_decide_by() -> None:
    details = Details("Nordlicht GmbH", Kind.CHANNEL, "EMEA", "DE")
    event = event_of(Activated(ID, details, enrolled_at=NOW, at=NOW), recorded_at=LATER)
    assert event == PartnerActivated(
        partner_id=ID,
        name="Nordlicht GmbH",
        partner_type=PartnerType.CHANNEL,
        region="EMEA",
        country="DE",
        enrolled_at=NOW,
        occurred_at=NOW,
        recorded_at=LATER,
    )


def test_suspended_and_terminated_when_published_then_carry_their_reason() -> None:
    suspended = event_of(Suspended(ID, "audit", at=NOW), recorded_at=LATER)
    terminated = event_of(Terminated(ID, "over", at=NOW), recorded_at=LATER)
    assert suspended == PartnerSuspended(partner_id=ID, reason="audit", occurred_at=NOW, recorded_at=LATER)
    assert terminated == PartnerTerminated(partner_id=ID, reason="over", occurred_at=NOW, recorded_at=LATER)


def test_contact_when_published_then_keyed_by_person() -> None:
    assert contact_recorded(ADA, recorded_at=NOW).key == str(ADA.person_id)


def test_contact_when_changed_then_the_version_counts_only_differences() -> None:
    moved = change(ADA, reach=Reach("Ada", "ada@example.org"))
    assert (moved.version, change(moved, reach=moved.reach).version) == (2, 2)
