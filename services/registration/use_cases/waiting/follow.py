"""Who waits for an account that is merged waits for the one that carries on for it, and stands in its line once."""

from collections.abc import Sequence

from services.registration.domain.deals.line import Waiting, twice
from services.registration.domain.values import AccountId
from services.registration.store import waiting
from services.registration.use_cases.waiting.end import end_places
from shared.chassis.database import UnitOfWork
from shared.schemas.waiting import WaitingEnd


async def follow(uow: UnitOfWork, line: Sequence[Waiting], gone: AccountId, *, into: AccountId) -> None:
    """`line` are the places of both accounts, locked before anything of theirs was moved."""
    continued_by = twice(line)
    await end_places(uow, [one for one in line if one.id in continued_by], WaitingEnd.ACCOUNT_MERGED, continued_by=continued_by)
    await waiting.move(uow, gone, into=into)
