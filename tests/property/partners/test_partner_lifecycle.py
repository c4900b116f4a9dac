"""Every walk through a partner's life, against the few sentences that describe it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.partners.domain import partner as rules
from services.partners.domain.partner import Activated, Details, Fact, Kind, Partner, PartnerId, State, Suspended, Terminated
from services.partners.domain.refusals import PartnerStateRefused

START = datetime(2026, 1, 1, tzinfo=UTC)
DETAILS = (Details("Alba", Kind.CHANNEL, "EMEA"), Details("Alba", Kind.CHANNEL, "AMER"))
STEPS = st.lists(st.sampled_from(["activate", "suspend", "reactivate", "terminate", "change"]), max_size=12)
ANNOUNCED = {Activated: State.ACTIVE, Suspended: State.SUSPENDED, Terminated: State.TERMINATED}


def _step(partner: Partner, name: str, *, now: datetime) -> tuple[Partner, Fact | None]:
    match name:
        case "activate":
            return rules.activate(partner, enrolled_at=now, now=now)
        case "suspend":
            return rules.suspend(partner, reason="r", now=now)
        case "reactivate":
            return rules.reactivate(partner, now=now)
        case "terminate":
            return rules.terminate(partner, reason="r", now=now)
        case _:
            return rules.change(partner, details=DETAILS[partner.version % 2], now=now)


@given(STEPS)
def test_life_when_walked_at_random_then_listeners_know_the_state_and_versions_only_grow(steps: list[str]) -> None:
    partner = rules.prospect(PartnerId(UUID(int=1)), details=DETAILS[0], now=START)
    heard = State.PROSPECT
    for day, step in enumerate(steps):
        try:
            after, fact = _step(partner, step, now=START + timedelta(days=day))
        except PartnerStateRefused:
            continue
        assert partner.state is not State.TERMINATED
        assert after.version == partner.version + (after != partner)
        heard = ANNOUNCED[type(fact)] if fact else heard
        assert heard is after.state
        partner = after
