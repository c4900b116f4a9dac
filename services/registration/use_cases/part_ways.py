"""What becomes of a partner's unfinished business when it is suspended or its partnership ends. Its deals are withdrawn elsewhere."""

from services.registration.domain.leads import lead as life
from services.registration.domain.values import PartnerId, Standing
from services.registration.policy import Policy
from services.registration.store import drafts, leads
from services.registration.use_cases.coselling.call_off import end_with_partner
from services.registration.use_cases.leads.answer import settle
from services.registration.use_cases.waiting.end import leave_all
from shared.chassis.database import UnitOfWork
from shared.schemas.waiting import WaitingEnd

_REASONS = {Standing.SUSPENDED: "the partner was suspended", Standing.TERMINATED: "the partnership ended"}
_ENDS = {Standing.SUSPENDED: WaitingEnd.PARTNER_SUSPENDED, Standing.TERMINATED: WaitingEnd.PARTNERSHIP_ENDED}


async def part_ways(uow: UnitOfWork, partner_id: PartnerId, *, standing: Standing, policy: Policy) -> None:
    """A suspended partner may come back: it keeps its drafts, what it has signed and what it shared with the vendor.

    Where the programme lets a former partner finish its deals (`on_termination: keep`), what is signed stays in force too.
    """
    gone = standing is Standing.TERMINATED
    for lead in await leads.open_of(uow, partner_id):
        if step := life.part_ways(lead, gone=gone, reason=_REASONS[standing]):
            await settle(uow, step)
    await leave_all(uow, partner_id, _ENDS[standing])
    if gone:
        await drafts.delete_all(uow, partner_id)
    await end_with_partner(uow, partner_id, signed=gone and policy.on_termination == "withdraw")
