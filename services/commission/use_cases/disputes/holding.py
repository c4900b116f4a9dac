"""Hold back what a dispute is about, and let it go again: an entry of a deal is frozen, of others what is payable is kept."""

from dataclasses import replace

from services.commission.domain import dispute as domain
from services.commission.domain.dispute import Dispute, Hold
from services.commission.domain.entries import Account, Entry, Kind
from services.commission.domain.facts import Frozen, Thawed
from services.commission.domain.outcome import Posting
from services.commission.store import disputes
from services.commission.store.loading import Opened, opened
from services.commission.store.plans import Plans
from services.commission.store.writing import write
from services.commission.use_cases.book import book, standing
from shared.chassis.database import UnitOfWork


async def hold_back(uow: UnitOfWork, dispute: Dispute, entry: Entry, *, plans: Plans) -> Dispute:
    """Freeze the entry, or keep back what is payable of it; the dispute with what is held."""
    async with disputes.whole_books(uow):
        payable = await _payable(uow, dispute)
        left = entry.amount + await disputes.corrected(uow, entry, by=tuple(Kind))
        if fact := domain.frozen(dispute, at=uow.now):
            work, posting = await _tried(uow, fact, plans=plans)
            if posting is not None:
                back = _back(posting)
                if back <= max(payable, 0):
                    await write(uow, work, [posting])
                    return replace(dispute, hold=Hold.ENTRY, held=max(await _left(uow, entry), 0))
                left = back
        held = domain.held_back(left=left, payable=payable)
        if not held:
            return dispute
        kept = replace(dispute, hold=Hold.AMOUNT, held=held)
        await book(uow, [domain.keep(kept, at=uow.now)], plans=plans)
        return kept


async def let_go(uow: UnitOfWork, dispute: Dispute, *, plans: Plans) -> None:
    """Undo what the dispute held back, and book its adjustment. What was taken back with its deal meanwhile stays so."""
    async with disputes.whole_books(uow):
        if fact := domain.thawed(dispute, at=uow.now):
            work, posting = await _tried(uow, fact, plans=plans)
            if posting is not None:
                await write(uow, work, [posting])
        if decided := domain.settle(dispute, at=uow.now):
            await book(uow, [decided], plans=plans)


async def _tried(uow: UnitOfWork, fact: Frozen | Thawed, *, plans: Plans) -> tuple[Opened, Posting | None]:
    """What the fact would do under the locks that are held from now on; None where nothing of the entry stands any more."""
    work = await opened(uow, [fact], plan=await plans.current(uow))
    outcome = work.book.take(fact)
    return work, outcome if isinstance(outcome, Posting) else None


async def _payable(uow: UnitOfWork, dispute: Dispute) -> int:
    found = (await standing(uow, [dispute.partner_id])).get((dispute.partner_id, dispute.currency))
    return found.payable if found else 0


async def _left(uow: UnitOfWork, entry: Entry) -> int:
    return entry.amount + await disputes.corrected(uow, entry, by=(Kind.REVERSAL,))


def _back(posting: Posting) -> int:
    """What freezing takes out of payable: all that is left of an entry that was released."""
    return sum(transfer.amount for transfer in posting.transfers if transfer.source is Account.PAYABLE)
