"""The life of a partner: which step leads where, what it announces and what is refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.partners.domain import partner as rules
from services.partners.domain.partner import Activated, Details, Kind, Partner, PartnerId, State, Suspended, Terminated
from services.partners.domain.refusals import EnrolmentInFuture, PartnerStateRefused

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
SIGNED = datetime(2025, 11, 30, tzinfo=UTC)
ID = PartnerId(UUID(int=1))
DETAILS = Details("Nordlicht GmbH", Kind.CHANNEL, "EMEA", "DE")


def partner(state: State) -> Partner:
    enrolled_at = SIGNED if state in (State.ACTIVE, State.SUSPENDED) else None
    return Partner(ID, DETAILS, state, version=3, created_at=SIGNED, enrolled_at=enrolled_at)


def test_prospect_when_created_then_it_is_version_one_and_not_enrolled() -> None:
    created = rules.prospect(ID, details=DETAILS, now=NOW)
    assert (created.state, created.version, created.enrolled_at) == (State.PROSPECT, 1, None)


def test_activate_when_prospect_then_active_since_the_signature() -> None:
    active, fact = rules.activate(partner(State.PROSPECT), enrolled_at=SIGNED, now=NOW)
    assert (active.state, active.version, active.enrolled_at) == (State.ACTIVE, 4, SIGNED)
    assert fact == Activated(ID, DETAILS, SIGNED, at=NOW)


def test_activate_when_signed_tomorrow_then_refused() -> None:
    with pytest.raises(EnrolmentInFuture):
        rules.activate(partner(State.PROSPECT), enrolled_at=NOW + timedelta(days=1), now=NOW)


def test_suspend_when_active_then_suspended_for_a_reason() -> None:
    suspended, fact = rules.suspend(partner(State.ACTIVE), reason="audit", now=NOW)
    assert (suspended.state, suspended.version) == (State.SUSPENDED, 4)
    assert fact == Suspended(ID, "audit", at=NOW)


def test_reactivate_when_suspended_then_the_enrolment_date_stays() -> None:
    active, fact = rules.reactivate(partner(State.SUSPENDED), now=NOW)
    assert active.state is State.ACTIVE
    assert fact == Activated(ID, DETAILS, SIGNED, at=NOW)


@pytest.mark.parametrize("state", [State.PROSPECT, State.ACTIVE, State.SUSPENDED])
def test_terminate_when_not_terminated_then_terminated(state: State) -> None:
    ended, fact = rules.terminate(partner(state), reason="contract ended", now=NOW)
    assert ended.state is State.TERMINATED
    assert fact == Terminated(ID, "contract ended", at=NOW)


def test_change_when_active_then_announced_anew() -> None:
    moved = replace(DETAILS, region="DACH")
    changed, fact = rules.change(partner(State.ACTIVE), details=moved, now=NOW)
    assert (changed.details, changed.version) == (moved, 4)
    assert fact == Activated(ID, moved, SIGNED, at=NOW)


@pytest.mark.parametrize("state", [State.PROSPECT, State.SUSPENDED])
def test_change_when_not_active_then_nothing_is_announced(state: State) -> None:
    changed, fact = rules.change(partner(state), details=replace(DETAILS, name="Nordlicht SE"), now=NOW)
    assert (changed.version, fact) == (4, None)


def test_change_when_nothing_differs_then_the_version_stays() -> None:
    assert rules.change(partner(State.ACTIVE), details=DETAILS, now=NOW) == (partner(State.ACTIVE), None)


REFUSED = [
    ("activate", State.ACTIVE),
    ("activate", State.SUSPENDED),
    ("activate", State.TERMINATED),
    ("suspend", State.PROSPECT),
    ("suspend", State.SUSPENDED),
    ("suspend", State.TERMINATED),
    ("reactivate", State.PROSPECT),
    ("reactivate", State.ACTIVE),
    ("reactivate", State.TERMINATED),
    ("terminate", State.TERMINATED),
    ("change", State.TERMINATED),
]
EXTRA: dict[str, dict[str, object]] = {
    "activate": {"enrolled_at": SIGNED},
    "suspend": {"reason": "audit"},
    "reactivate": {},
    "terminate": {"reason": "audit"},
    "change": {"details": DETAILS},
}


@pytest.mark.parametrize(("step", "state"), REFUSED)
def test_step_when_the_state_does_not_allow_it_then_refused(step: str, state: State) -> None:
    with pytest.raises(PartnerStateRefused) as refusal:
        getattr(rules, step)(partner(state), now=NOW, **EXTRA[step])
    assert state.value in refusal.value.message
