"""A partner and its life: prospect → active ⇄ suspended, and terminated from any of them."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.partners.domain.refusals import EnrolmentInFuture, PartnerStateRefused

PartnerId = NewType("PartnerId", UUID)


class Kind(StrEnum):
    """The five kinds of partner (who sells, who refers, who integrates)."""

    STRATEGIC_ALLIANCE = "strategic_alliance"
    CHANNEL = "channel"
    TECHNOLOGY_INTEGRATION = "technology_integration"
    CO_MARKETING = "co_marketing"
    RESELLER_AFFILIATE = "reseller_affiliate"


class State(StrEnum):
    """Where a partner stands. Only an active one may register deals, earn and be ranked; a terminated one stays so."""

    PROSPECT = "prospect"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True)
class Details:
    """What the vendor knows of a partner. `country` is ISO 3166 alpha-2; `region` is the vendor's own word."""

    name: str
    kind: Kind
    region: str
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Partner:
    """`version` counts the changes from 1; `enrolled_at` is when the first agreement was signed, None for a prospect."""

    id: PartnerId
    details: Details
    state: State
    version: int
    created_at: datetime
    enrolled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Activated:
    """The partner may work, and this is what is known of it now."""

    partner_id: PartnerId
    details: Details
    enrolled_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Suspended:
    """The partner may not work for now."""

    partner_id: PartnerId
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Terminated:
    """The partnership ended, for good."""

    partner_id: PartnerId
    reason: str
    at: datetime


Fact = Activated | Suspended | Terminated


def prospect(partner_id: PartnerId, *, details: Details, now: datetime) -> Partner:
    """A partner before any agreement: nobody but this service knows of it."""
    return Partner(partner_id, details, State.PROSPECT, version=1, created_at=now)


def activate(partner: Partner, *, enrolled_at: datetime, now: datetime) -> tuple[Partner, Activated]:
    """The agreement was signed at `enrolled_at`, which may lie in the past. Raises PartnerStateRefused, EnrolmentInFuture."""
    _expect(partner, "activated", State.PROSPECT)
    if enrolled_at > now:
        raise EnrolmentInFuture
    active = _moved(partner, State.ACTIVE, enrolled_at=enrolled_at)
    return active, Activated(partner.id, partner.details, enrolled_at, at=now)


def suspend(partner: Partner, *, reason: str, now: datetime) -> tuple[Partner, Suspended]:
    """Stop the partner's work for now. Raises PartnerStateRefused."""
    _expect(partner, "suspended", State.ACTIVE)
    return _moved(partner, State.SUSPENDED), Suspended(partner.id, reason, at=now)


def reactivate(partner: Partner, *, now: datetime) -> tuple[Partner, Activated]:
    """End a suspension; the enrolment date stays. Raises PartnerStateRefused."""
    _expect(partner, "reactivated", State.SUSPENDED)
    active = _moved(partner, State.ACTIVE)
    return active, _standing(active, now=now)


def terminate(partner: Partner, *, reason: str, now: datetime) -> tuple[Partner, Terminated]:
    """End the partnership, whatever came before. Raises PartnerStateRefused."""
    _expect(partner, "terminated", State.PROSPECT, State.ACTIVE, State.SUSPENDED)
    return _moved(partner, State.TERMINATED), Terminated(partner.id, reason, at=now)


def change(partner: Partner, *, details: Details, now: datetime) -> tuple[Partner, Activated | None]:
    """Correct the details. An active partner is announced anew; the others are when they become active.

    The same details change nothing, not even the version. Raises PartnerStateRefused.
    """
    _expect(partner, "changed", State.PROSPECT, State.ACTIVE, State.SUSPENDED)
    if details == partner.details:
        return partner, None
    changed = replace(partner, details=details, version=partner.version + 1)
    return changed, _standing(changed, now=now) if changed.state is State.ACTIVE else None


def _expect(partner: Partner, verb: str, *allowed: State) -> None:
    if partner.state not in allowed:
        raise PartnerStateRefused(state=partner.state.value, verb=verb)


def _moved(partner: Partner, state: State, *, enrolled_at: datetime | None = None) -> Partner:
    return replace(partner, state=state, version=partner.version + 1, enrolled_at=enrolled_at or partner.enrolled_at)


def _standing(partner: Partner, *, now: datetime) -> Activated:
    if partner.enrolled_at is None:
        raise ValueError(f"partner {partner.id} is active but was never enrolled")
    return Activated(partner.id, partner.details, partner.enrolled_at, at=now)
