"""Where the vendor's own claims and likely duplicates give rise to conflicts: somebody else's protection runs already."""

from collections.abc import Sequence

from services.registration.domain.accounts.likeness import Likeness
from services.registration.domain.conflicts.conflict import Kind
from services.registration.domain.deals.claims import Claim, ClaimKind
from services.registration.domain.deals.deal import Deal
from services.registration.domain.deals.protection import instant
from services.registration.policy import Policy
from services.registration.store import slots
from services.registration.use_cases.conflicts.open import Opening, open_conflict, open_conflicts
from shared.chassis.database import UnitOfWork
from shared.chassis.values import replace

_CLASHING = frozenset({ClaimKind.OPPORTUNITY, ClaimKind.NAMED_ACCOUNT})


async def with_direct_sales(uow: UnitOfWork, claims: Sequence[Claim], *, policy: Policy) -> None:
    """The vendor works, or keeps, what a partner has protected: the partner's deal stands, and somebody looks at it.

    The accounts are locked.
    """
    clashing = [claim for claim in claims if claim.kind in _CLASHING]
    if not clashing:
        return
    moment = instant(uow.now)
    board = await slots.board(uow, {claim.account_id for claim in clashing}, since=moment.start, until=moment.end)
    deal_ids = {
        slot.deal_id
        for claim in clashing
        for slot in board.on(claim.account_id)
        if slot.partner_id and claim.stands_against(slot.scope, slot.partner_id, now=uow.now, active_within=policy.active_within)
    }
    openings = [Opening(kind=Kind.DIRECT_SALES, deal_ids=(deal_id,), direct_sales=True) for deal_id in sorted(deal_ids)]
    await open_conflicts(uow, openings, policy=policy)


async def with_likely(uow: UnitOfWork, deal: Deal, like: Sequence[Likeness], *, policy: Policy) -> None:
    """Whom the deal's customer is probably the same as is protected for the same: somebody looks at both, if the programme says so."""
    if not like or not policy.conflicts.probable_duplicates:
        return
    moment = instant(uow.now)
    board = await slots.board(uow, {one.account_id for one in like}, since=moment.start, until=moment.end)
    held = {slot.deal_id for one in like for slot in board.holders(replace(deal.scope, account_id=one.account_id), moment, besides=deal.id)}
    if held:
        await open_conflict(uow, Kind.PROBABLE_DUPLICATE, [deal.id, *sorted(held)], policy=policy)
