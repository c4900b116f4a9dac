"""Finding or entering the accounts that customers are, once and for all, also when two enter the same one at once."""

from collections.abc import Mapping, Sequence
from uuid import uuid4

from services.registration.domain.accounts.directory import Introduction, Party, introduce
from services.registration.domain.accounts.identifiers import Identifier
from services.registration.domain.values import AccountId
from services.registration.store import accounts
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import Transient

_ATTEMPTS = 5


def new_account_id() -> AccountId:
    """Random: whoever registers for a known account reads its id, and one in order of time would say when a rival came first."""
    return AccountId(uuid4())


async def identify(uow: UnitOfWork, parties: Sequence[Party], *, known: Mapping[Identifier, AccountId] | None = None) -> Introduction:
    """Who `parties` are; their accounts are locked until the transaction ends. `known` saves the first look."""
    for _ in range(_ATTEMPTS):
        if known is None:
            known = await accounts.find(uow, (identifier for party in parties for identifier in party.identifiers))
        made = introduce(known, parties, make_id=new_account_id)
        if await accounts.add(uow, made.new_accounts, made.new_names):
            return made
        known = None  # somebody else entered one of the names and has committed: it is found now
    raise Transient("the accounts are being entered by others")
