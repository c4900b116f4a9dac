"""Book decisions of staff and timers whose money is listed in them, and see what a partner's accounts hold meanwhile."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.commission.domain.facts import Booked
from services.commission.store.loading import locked
from services.commission.store.plans import Plans
from services.commission.use_cases.decide import decide
from shared.chassis.database import UnitOfWork

_BALANCES = """
select partner_id, currency, held_minor, payable_minor, in_payout_minor, paid_minor from balances where partner_id = any($1::uuid[])"""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a partner's accounts hold in one currency, in minor units."""

    held: int
    payable: int
    in_payout: int
    paid: int


async def book(uow: UnitOfWork, decisions: Sequence[Booked], *, plans: Plans) -> None:
    """Lock the partners, journal the decisions in order, move their money, tell of new entries."""
    await decide(uow, decisions, plans=plans)


async def standing(uow: UnitOfWork, partner_ids: Iterable[UUID]) -> dict[tuple[UUID, str], Standing]:
    """The partners' balances by currency, under the locks that `book` takes: they stay so until the transaction ends."""
    wanted = set(partner_ids)
    await locked(uow, wanted)
    return {(row[0], row[1]): Standing(row[2], row[3], row[4], row[5]) for row in await uow.fetch(_BALANCES, sorted(wanted))}
