"""What is known of partners: their standing, and what it allows."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.enablement.domain.partners import KnownPartner, Standing, expect_active
from services.enablement.domain.record import PartnerId
from services.enablement.domain.refusals import PartnerNotActive
from services.enablement.mapping import STANDINGS, partner_heard
from shared.schemas.partners import PartnerFact, PartnerSuspended

ID = PartnerId(UUID(int=1))
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_event_when_heard_then_its_sequence_is_the_version_of_the_standing() -> None:
    event = PartnerSuspended(partner_id=ID, reason="audit", occurred_at=NOW, recorded_at=NOW)
    assert partner_heard(event, sequence=7) == KnownPartner(ID, Standing.SUSPENDED, sequence=7)


def test_standings_when_a_fact_about_a_partner_exists_then_it_has_one() -> None:
    assert set(STANDINGS) == set(PartnerFact.__subclasses__())


@pytest.mark.parametrize("standing", [Standing.SUSPENDED, Standing.TERMINATED])
def test_expect_active_when_not_active_then_refused(standing: Standing) -> None:
    with pytest.raises(PartnerNotActive, match=standing.value):
        expect_active(KnownPartner(ID, standing, sequence=1))


def test_expect_active_when_active_then_allowed() -> None:
    expect_active(KnownPartner(ID, Standing.ACTIVE, sequence=1))
