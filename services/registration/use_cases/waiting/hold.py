"""A place in line, held, and before it the account in whose line it stands: what happens to either is decided once."""

from uuid import UUID

from services.registration.domain.deals.line import Waiting
from services.registration.store import accounts, waiting
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import Transient

_ATTEMPTS = 5


async def hold(uow: UnitOfWork, waiting_id: UUID) -> Waiting:
    """Whoever waits here for a merge or a split to end finds the place in another line, and holds that account too. Raises NotFound."""
    for _ in range(_ATTEMPTS):
        account_id, _ = await waiting.where(uow, waiting_id)
        await accounts.lock(uow, [account_id])
        if (await waiting.where(uow, waiting_id))[0] == account_id:
            return await waiting.locked(uow, waiting_id)
    raise Transient("the place is being moved by others")
