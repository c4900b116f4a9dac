"""What every change of accounts shares: who changes and why, and accounts held under their locks as they stand."""

from dataclasses import dataclass
from uuid import UUID

from services.registration.domain.accounts.refusals import AccountMerged
from services.registration.domain.values import AccountId
from services.registration.store import account_book
from services.registration.store.account_book import Account
from services.registration.use_cases.change import Expects, any_version
from shared.chassis.database import UnitOfWork


@dataclass(frozen=True, slots=True)
class Author:
    """Who of the staff, and why: both are on record for good."""

    name: str
    because: str


async def hold(uow: UnitOfWork, account_id: UUID, *others: UUID, expects: Expects = any_version) -> dict[AccountId, Account]:
    """The accounts and their deals, locked (deals before accounts, as everywhere); `expects` is asked about the first.

    Raises NotFound, AccountMerged and what `expects` raises.
    """
    wanted = [AccountId(each) for each in (account_id, *others)]
    await account_book.deals_of(uow, *wanted)
    found = await account_book.locked(uow, *wanted)
    for account in found.values():
        if account.merged_into is not None:
            raise AccountMerged(successor=await account_book.successor(uow, account.id))
    expects(found[wanted[0]].version)
    return found
