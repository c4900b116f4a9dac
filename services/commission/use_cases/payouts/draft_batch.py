"""Draft a batch: everybody with something to pay out in a currency, and why the others are not paid."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from services.commission.domain.payouts import Batch, BatchState, Payout, PayoutState, Rate, Rules, Skip, converted, why_not
from services.commission.store import payout_batches, payouts
from services.commission.store.payouts import Drafted, Found
from services.commission.store.plans import Plans
from services.commission.store.rule_book import PAYOUT_RULES
from shared.chassis.database import UnitOfWork
from shared.chassis.ids import new_id


async def draft_batch(uow: UnitOfWork, currency: str, *, execute_on: date | None, by: str, plans: Plans) -> UUID:
    """The id of the draft. What is beyond the rules' most payouts is left for the next one."""
    await uow.lock("payouts:draft")  # two drafts at once would take up the same balances
    today = (await plans.current(uow)).calendar.day(uow.now)
    limits = (await PAYOUT_RULES.current(uow)).rules
    batch = Batch(new_id(), currency, BatchState.DRAFT, drafted_by=by)
    await payout_batches.add(uow, batch, execute_on=max(execute_on or today, today))
    rates: dict[str, Rate | None] = {}
    drafted: list[Drafted] = []
    paid = 0
    async for found in payouts.candidates(uow, currency):
        books = found.candidate.currency
        if books != currency and books not in rates:
            rates[books] = await payouts.rate(uow, books, currency, day=today)
        drafted.append(_drafted(batch, found, rates=rates, rules=limits.rules(), today=today))
        paid += drafted[-1].payout.state is PayoutState.DRAFTED
        if len(drafted) == payouts.PORTION or paid == limits.max_payouts:
            await payouts.add(uow, drafted)
            drafted = []
        if paid == limits.max_payouts:
            break
    await payouts.add(uow, drafted)
    return batch.id


def _drafted(batch: Batch, found: Found, *, rates: Mapping[str, Rate | None], rules: Rules, today: date) -> Drafted:
    candidate, to = found.candidate, batch.currency
    reason = why_not(candidate, rules=rules, today=today)
    rate = rates.get(candidate.currency)
    pays = candidate.payable
    if candidate.currency != to:
        reason = reason or (Skip.NO_FX_RATE if rate is None else None)
        pays = converted(candidate.payable, rate.value, currency=candidate.currency, to=to) if rate else 0
        reason = reason or (None if pays else Skip.BELOW_MINIMUM)
    payout = Payout(
        id=new_id(),
        batch_id=batch.id,
        partner_id=candidate.partner_id,
        currency=candidate.currency,
        amount=candidate.payable,
        pays_currency=to,
        pays=0 if reason else pays,
        state=PayoutState.SKIPPED if reason else PayoutState.DRAFTED,
        reason=reason,
        details=candidate.payee.details if candidate.payee else None,
    )
    name = candidate.payee.name if candidate.payee else None
    return Drafted(payout, rate, name, found.account, found.hint)
