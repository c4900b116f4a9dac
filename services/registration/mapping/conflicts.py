"""Conflicts, and what decisions did to deals, as published events. What people said about a conflict stays out of what sides are told."""

from datetime import datetime
from typing import TypedDict
from uuid import UUID

from services.registration.domain.conflicts.conflict import Conflict, Effect, Ruling, Side
from services.registration.domain.deals.deal import Deal
from services.registration.domain.deals.facts import ProtectionEnded, Reassigned
from services.registration.domain.values import PartnerId
from shared.schemas import conflicts as told


class _Head(TypedDict):
    """What every event to a side carries."""

    occurred_at: datetime
    recorded_at: datetime
    conflict_id: UUID
    side_id: UUID
    partner_id: UUID
    deal_ids: tuple[UUID, ...]


def _head(side: Side, partner_id: PartnerId, *, at: datetime, now: datetime) -> _Head:
    return _Head(
        occurred_at=at, recorded_at=now, conflict_id=side.conflict_id, side_id=side.id, partner_id=partner_id, deal_ids=side.deal_ids
    )


def opened(side: Side, partner_id: PartnerId, conflict: Conflict, *, now: datetime) -> told.ConflictOpened:
    """A side learns that there is a conflict."""
    return told.ConflictOpened(**_head(side, partner_id, at=now, now=now), kind=conflict.kind.value)


def escalated(side: Side, partner_id: PartnerId, conflict: Conflict, *, now: datetime) -> told.ConflictEscalated:
    """A side learns that a step is late."""
    return told.ConflictEscalated(**_head(side, partner_id, at=now, now=now), step=conflict.step.value, due_at=conflict.step_due_at)


def decided(side: Side, partner_id: PartnerId, ruling: Ruling, *, now: datetime, corrected: Deal | None = None) -> told.ConflictDecided:
    """A side learns what the decision means for it; `corrected` is the won deal whose credit it changed, told to its side alone."""
    own = corrected if corrected is not None and corrected.id in side.deal_ids else None
    return told.ConflictDecided(
        **_head(side, partner_id, at=ruling.said.at, now=now),
        effect=(side.effect or Effect.UNCHANGED).value,
        share=str(side.share) if side.share is not None else None,
        policy_version=ruling.clause.policy_version,
        clause=ruling.clause.path,
        correction=told.Correction(deal_id=own.id, close_number=own.close_number, revision=own.revision) if own else None,
    )


def communicated(side: Side, partner_id: PartnerId, *, now: datetime) -> told.ConflictCommunicated:
    """A side learns that its letter is there."""
    return told.ConflictCommunicated(**_head(side, partner_id, at=now, now=now), effect=(side.effect or Effect.UNCHANGED).value)


def decision_of(deal: Deal, fact: Reassigned | ProtectionEnded, *, recorded_at: datetime) -> told.DealReassigned | told.DealProtectionEnded:
    """What a decision did to the deal, which is the deal after it."""
    if isinstance(fact, Reassigned):
        return _reassigned(deal, fact, recorded_at=recorded_at)
    return told.DealProtectionEnded(
        deal_id=deal.id, partner_id=deal.partner_id, occurred_at=fact.at, recorded_at=recorded_at, ended_at=fact.at, reason=fact.reason
    )


def _reassigned(deal: Deal, fact: Reassigned, *, recorded_at: datetime) -> told.DealReassigned:
    window = deal.protection.window
    return told.DealReassigned(
        deal_id=deal.id,
        partner_id=deal.partner_id,
        occurred_at=fact.at,
        recorded_at=recorded_at,
        from_partner_id=fact.former,
        reason=fact.reason,
        account_id=deal.scope.account_id,
        families=deal.scope.families,
        territory=deal.territory,
        country=deal.country,
        registered_at=deal.registered_at,
        protected=deal.protection.holds_at(fact.at),
        protected_from=window.start,
        protected_until=window.end,
        close_number=deal.close_number,
        source=deal.origin.source if deal.origin else None,
        external_id=deal.origin.external_id if deal.origin else None,
    )
