"""What a party of an agreement in force reads of its deal: a view holds rows and columns, whoever asks."""

from dataclasses import dataclass
from uuid import UUID

from services.registration.domain.values import State
from shared.chassis.database import UnitOfWork
from shared.chassis.money import Money

_OF = """
select deal_id, account_name, families, territory, stage, expected_minor, expected_currency, state from cosell_deals
where agreement_id = $1 limit 1"""


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
    rows = await uow.fetch(_OF, agreement_id)
    if not rows:
        return None
    row = rows[0]
    return SharedDeal(
        deal_id=row.deal_id,
        account_name=row.account_name,
        families=tuple(row.families),
        territory=row.territory,
        stage=row.stage,
        expected=Money(row.expected_minor, row.expected_currency) if row.expected_currency else None,
        state=State(row.state),
    )
