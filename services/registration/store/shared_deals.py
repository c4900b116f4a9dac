"""What a party of an agreement in force reads of its deal: its own seat, as row-level security shows it, opens these columns."""

from dataclasses import dataclass
from uuid import UUID

from services.registration.domain.values import State
from shared.chassis.database import UnitOfWork, every_partner
from shared.chassis.money import Money

# Row-level security shows a partner its own seats alone; without one that is in force nothing is looked up.
_SEAT = "select deal_id from cosell_parties where agreement_id = $1 and state = 'in_force' limit 1"
_OF = "select id, account_name, families, territory, stage, expected_minor, expected_currency, state from deals where id = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedDeal:
    """The facts that whoever sells together needs: no evidence, no contact, no price, nobody's protection."""

    deal_id: UUID
    account_name: str
    families: tuple[str, ...]
    territory: str
    stage: str | None
    expected: Money | None
    state: State


async def of(uow: UnitOfWork, agreement_id: UUID) -> SharedDeal | None:
    """The deal, if the agreement is in force and the caller is a party of it (or the vendor)."""
    seats = await uow.fetch(_SEAT, agreement_id)
    if not seats:
        return None
    async with every_partner(uow):
        [row] = await uow.fetch(_OF, seats[0].deal_id)
    return SharedDeal(
        deal_id=row.id,
        account_name=row.account_name,
        families=tuple(row.families),
        territory=row.territory,
        stage=row.stage,
        expected=Money(row.expected_minor, row.expected_currency) if row.expected_currency else None,
        state=State(row.state),
    )
