"""Keep each partner's net won revenue: closes and amendments set it, undone closes and refunds lower it."""

from collections.abc import Sequence

from services.tiering.domain.revenue import Correction, Key, Terms
from services.tiering.store import closes
from shared.chassis.database import UnitOfWork
from shared.chassis.events import Incoming
from shared.schemas.base import Event


def close_name(key: Key) -> str:
    """What a correction waits for, and what is locked while a close or its correction is taken in."""
    return f"close:{key[0]}:{key[1]}"


async def take_terms(uow: UnitOfWork, terms: Sequence[Terms]) -> None:
    """The newest terms of a close count; corrections that came before it are handled next."""
    if not terms:
        return
    keys = {one.key for one in terms}
    await closes.take_terms(uow, terms)
    await closes.recount(uow, keys)
    await uow.release(*sorted(close_name(key) for key in keys))


async def correct(uow: UnitOfWork, corrections: Sequence[tuple[Correction, Incoming[Event]]]) -> None:
    """Undo or lower closes; a correction whose close is not there yet waits for it."""
    if not corrections:
        return
    known = await closes.known(uow, sorted({one.key for one, _ in corrections}))
    for one, incoming in corrections:
        if one.key not in known:
            await uow.wait_for(close_name(one.key), incoming, reason="its close has not arrived")
    ready = [one for one, _ in corrections if one.key in known]
    if ready:
        await closes.correct(uow, ready)
        await closes.recount(uow, {one.key for one in ready})
