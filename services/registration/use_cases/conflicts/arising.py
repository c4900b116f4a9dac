"""Where registrations give rise to conflicts: history that overlaps, and territories that a partner may not have."""

from collections.abc import Iterator, Mapping, Sequence

from services.registration.domain.conflicts.conflict import Kind
from services.registration.domain.conflicts.refusals import TerritoryNotAllowed
from services.registration.domain.deals.deal import Deal
from services.registration.domain.intake.desk import Taken
from services.registration.domain.values import DealId, PartnerId
from services.registration.policy import Policy
from services.registration.store import partners
from services.registration.store.partners import KnownPartner
from services.registration.use_cases.conflicts.open import Opening, open_conflict, open_conflicts
from shared.chassis.database import UnitOfWork


async def from_intake(uow: UnitOfWork, taken: Sequence[Taken], who: Mapping[PartnerId, KnownPartner], *, policy: Policy) -> None:
    """Open conflicts about what an import or a sales system brought anew; old history is marked on its deals alone."""
    found = [opening for one in taken if one.registered and one.deal for opening in _openings(one, one.deal, who, policy)]
    await open_conflicts(uow, found, policy=policy, look_back=policy.conflicts.look_back)


def _openings(one: Taken, deal: Deal, who: Mapping[PartnerId, KnownPartner], policy: Policy) -> Iterator[Opening]:
    if one.rivals:
        yield Opening(kind=Kind.OVERLAP, deal_ids=(deal.id, *one.rivals), note="registered while another held the account")
    known = who.get(deal.partner_id)
    if _breaches(deal, known.kind if known else None, policy):
        yield Opening(kind=Kind.TERRITORY_BREACH, deal_ids=(deal.id,), note=f"registered in {deal.territory}")


async def breaching_territory(uow: UnitOfWork, deals: Sequence[Deal], *, policy: Policy) -> set[DealId]:
    """Which new registrations lie outside of what their partners may have. Raises TerritoryNotAllowed where the programme refuses that."""
    assignment = policy.partner_territories.assignment
    if not assignment:  # most programmes: nothing is asked of the store
        return set()
    who = await partners.of(uow, {deal.partner_id for deal in deals})
    kinds = {partner_id: known.kind for partner_id, known in who.items()}
    breaching = [deal for deal in deals if _breaches(deal, kinds.get(deal.partner_id), policy)]
    if breaching and assignment.refuses:
        raise TerritoryNotAllowed(territory=breaching[0].territory)
    return {deal.id for deal in breaching}


def is_kept_out(partner_id: PartnerId, kind: str | None, territory: str, *, policy: Policy) -> bool:
    """Whether `breaching_territory` would refuse what a partner of this kind registers there."""
    assignment = policy.partner_territories.assignment
    return bool(assignment) and assignment.refuses and assignment.breached(partner_id, kind, policy.tree.path(territory), tree=policy.tree)


async def open_breach(uow: UnitOfWork, deal: Deal, *, policy: Policy) -> None:
    """The registration stands, and somebody looks at it."""
    note = f"registered in {deal.territory}"
    await open_conflict(uow, Kind.TERRITORY_BREACH, [deal.id], policy=policy, note=note)


def _breaches(deal: Deal, kind: str | None, policy: Policy) -> bool:
    assignment = policy.partner_territories.assignment
    return bool(assignment) and assignment.breached(deal.partner_id, kind, deal.scope.path, tree=policy.tree)
