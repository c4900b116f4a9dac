"""The hold of accruals ends: what is left of each becomes payable. A decision of the timer, journaled like any fact."""

from uuid import UUID

from services.commission.domain.conflict_hold import freeze
from services.commission.domain.deal import Deal, Stake
from services.commission.domain.facts import Released
from services.commission.domain.outcome import Posting
from services.commission.mapping import released
from services.commission.store.conflicts import mark_entries
from services.commission.store.loading import opened
from services.commission.store.plans import Plans
from services.commission.store.writing import no_longer_due, write
from shared.chassis.database import UnitOfWork

PORTION = 500
_DUE = "select id, deal_id, partner_id, close_number, due_at from entries where due_at <= $1 order by due_at, id limit $2"
_RELEASED = "update entries set released_at = $2 where id = any($1::uuid[])"


class ReleaseDue:
    """One portion of what is due; returns how many holds ended."""

    def __init__(self, plans: Plans) -> None:
        self._plans = plans

    async def __call__(self, uow: UnitOfWork) -> int:
        rows = await uow.fetch(_DUE, uow.now, PORTION)
        if not rows:
            return 0
        facts = [Released(f"release:{row[0]}:{row[4].isoformat()}", row[1], row[2], row[4], row[3], row[0]) for row in rows]
        work = await opened(uow, facts, plan=await self._plans.current(uow))
        postings: list[Posting] = []
        gone: list[UUID] = []
        for fact in facts:
            # Found before the partners were locked: a refund may have taken the rest back meanwhile.
            stake = held(work.book.deals[fact.deal_id], fact.entry_id)
            if stake is None:
                gone.append(fact.entry_id)
                continue
            if (conflicts := work.contested.get(fact.deal_id)) is not None:  # its close was taken in while the conflict was
                gone.append(fact.entry_id)
                frozen = freeze(work.book.deals[fact.deal_id], conflicts, at=uow.now)
                postings += [outcome for outcome in map(work.book.take, frozen) if isinstance(outcome, Posting)]
                continue
            outcome = work.book.take(fact)
            if isinstance(outcome, Posting):
                postings.append(outcome)
                uow.emit(released(fact, stake, currency=work.book.plan.currency, now=uow.now), sequence=2)
        await write(uow, work, postings)
        if work.contested:
            await mark_entries(uow, work)
        await no_longer_due(uow, gone)
        await uow.fetch(_RELEASED, [posting.fact.entry_id for posting in postings if isinstance(posting.fact, Released)], uow.now)
        return len(postings)


def held(deal: Deal, entry_id: UUID) -> Stake | None:
    """The live accrual of that entry, while something of it is held."""
    return next((stake for sale in deal.sales for stake in sale.stakes if stake.entry_id == entry_id and stake.held), None)
