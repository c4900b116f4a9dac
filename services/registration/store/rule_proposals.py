"""Proposed rule changes in the store, for staff alone; and the history that they are tried over."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from services.registration.domain.accounts.identifiers import IdentifierKind
from services.registration.domain.conflicts.conflict import Said
from services.registration.domain.conflicts.proposals import Proposal, RuleProposalState
from services.registration.domain.deals.deal import Deal
from services.registration.store import rows
from services.registration.store.tables.conflicts import rule_proposals
from services.registration.store.tables.deals import account_identifiers, deals
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import NotFound


async def add(uow: UnitOfWork, proposal: Proposal) -> None:
    """File a proposal."""
    await uow.execute(sa.insert(rule_proposals).values(_values(proposal)))


async def save(uow: UnitOfWork, proposal: Proposal) -> None:
    """Write one that was read under its lock."""
    await uow.execute(sa.update(rule_proposals).where(rule_proposals.c.id == proposal.id).values(_values(proposal)))


async def one(uow: UnitOfWork, proposal_id: UUID, *, lock: bool = False) -> Proposal:
    """The proposal, held until the transaction ends if asked for. Raises NotFound."""
    query = sa.select(rule_proposals).where(rule_proposals.c.id == proposal_id)
    row = (await uow.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFound(what="rule proposal")
    return _proposal(row)


async def listed(uow: UnitOfWork, *, state: RuleProposalState | None, after: UUID | None, limit: int) -> list[Proposal]:
    """At most `limit` proposals after `after`, oldest first."""
    query = sa.select(rule_proposals).order_by(rule_proposals.c.id).limit(limit)
    if state is not None:
        query = query.where(rule_proposals.c.state == state.value)
    if after is not None:
        query = query.where(rule_proposals.c.id > after)
    return [_proposal(row) for row in await uow.execute(query)]


async def history(uow: UnitOfWork, *, since: datetime, until: datetime, cool_off: timedelta, limit: int) -> list[Deal]:
    """Deals registered before `until`, in order of registration, without those that ended too long before `since` to matter."""
    c = deals.c
    ended = sa.func.coalesce(c.closed_at, c.protection_ended_at, c.protected_until)
    matters = sa.or_(c.registered_at >= since, c.state == "open", ended >= since - cool_off, c.protected_until >= since - cool_off)
    query = sa.select(deals).where(c.registered_at < until, matters).order_by(c.registered_at, c.id).limit(limit)
    return [rows.read(row) for row in await uow.execute(query)]


async def naming_domain(uow: UnitOfWork, domains: Collection[str]) -> str | None:
    """The first of the domains by which an account is known, if one is."""
    if not domains:
        return None
    c = account_identifiers.c
    query = sa.select(sa.func.min(c.value)).where(c.kind == IdentifierKind.DOMAIN.value, c.value.in_(domains))
    found: str | None = (await uow.execute(query)).scalar_one()
    return found


def _values(proposal: Proposal) -> dict[str, Any]:
    settled = proposal.settled
    return {
        **{name: getattr(proposal, name) for name in ("id", "conflict_id", "patch", "policy_version", "effective_from", "version")},
        "reason": proposal.proposed.text,
        "proposed_at": proposal.proposed.at,
        "proposed_by": proposal.proposed.by,
        "state": proposal.state.value,
        "settled_reason": settled and settled.text,
        "settled_at": settled and settled.at,
        "settled_by": settled and settled.by,
    }


def _proposal(row: Any) -> Proposal:
    return Proposal(
        **{name: getattr(row, name) for name in ("id", "conflict_id", "patch", "policy_version", "effective_from", "version")},
        proposed=Said(row.reason, row.proposed_at, row.proposed_by),
        state=RuleProposalState(row.state),
        settled=Said(row.settled_reason, row.settled_at, row.settled_by) if row.settled_at else None,
    )
