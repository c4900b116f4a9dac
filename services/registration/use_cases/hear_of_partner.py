"""Take in what the partners service says of a partner: whether it may register, and what becomes of its deals if not."""

from services.registration.domain.values import PartnerId, Standing
from services.registration.policy import Policy
from services.registration.store import partners
from services.registration.use_cases.part_ways import part_ways
from services.registration.use_cases.withdraw import withdraw_all
from shared.chassis.database import UnitOfWork


def partner_name(partner_id: object) -> str:
    """What facts of a sales system wait for until the partner is known."""
    return f"partner:{partner_id}"


async def hear_of_partner(
    uow: UnitOfWork, partner_id: PartnerId, *, standing: Standing, kind: str | None, sequence: int, policy: Policy
) -> None:
    """The newest fact counts. Facts that waited for the partner are taken in afterwards."""
    newer = await partners.learn(uow, partner_id, standing=standing, kind=kind, sequence=sequence)
    if newer and standing is Standing.TERMINATED and policy.on_termination == "withdraw":
        await withdraw_all(uow, partner_id)
    if newer and standing is not Standing.ACTIVE:
        await part_ways(uow, partner_id, standing=standing, policy=policy)
    await uow.release(partner_name(partner_id))
