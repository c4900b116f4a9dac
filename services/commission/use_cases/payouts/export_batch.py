"""What a bank needs to pay a batch: names and accounts are unsealed here and nowhere else."""

from uuid import UUID

from services.commission.domain.payout_refusals import AccountMissing
from services.commission.domain.payouts import PayoutState, under_way
from services.commission.payout_files.payment import BankAccount, Order, Payment
from services.commission.payout_rules import Debtor
from services.commission.store import payout_batches, payouts
from services.commission.store.payouts import ShownPayout
from services.commission.store.rule_book import PAYOUT_RULES
from shared.chassis.database import UnitOfWork
from shared.chassis.money import Money
from shared.chassis.vault import Vault

# Also those that are settled already: a batch gives the same file each time.
_ORDERED = (PayoutState.IN_PAYOUT, PayoutState.PAID, PayoutState.FAILED)


async def export_batch(uow: UnitOfWork, batch_id: UUID, *, vault: Vault, by: str) -> Order:
    """The batch as an order to the bank; who exported it last is on record. Raises NotFound, BatchInOtherState, VaultClosed."""
    shown = await payout_batches.held(uow, batch_id)
    under_way(shown.batch)
    ordered = await payouts.of_batch(uow, batch_id, *_ORDERED)
    await payout_batches.step(uow, shown.batch, "exported", by=by)
    payments = tuple(_payment(each, vault=vault) for each in ordered)
    made_at = shown.steps["started"].at
    return Order(batch_id, shown.number, shown.batch.currency, made_at, shown.execute_on, payments)


async def debtor_of(uow: UnitOfWork, currency: str) -> Debtor:
    """The account to pay from. Raises AccountMissing."""
    debtors = (await PAYOUT_RULES.current(uow)).rules.debtors
    if currency not in debtors:
        raise AccountMissing(currency=currency)
    return debtors[currency]


def _payment(shown: ShownPayout, *, vault: Vault) -> Payment:
    payout = shown.payout
    assert shown.account is not None  # noqa: S101 - what is started has an account
    assert shown.name is not None  # noqa: S101
    return Payment(
        id=payout.id,
        partner_id=payout.partner_id,
        name=shown.name,
        account=BankAccount.read(vault.open(shown.account)),
        money=Money(payout.pays, payout.pays_currency),
        books=Money(payout.amount, payout.currency),
        rate=shown.rate.text if shown.rate else None,
    )
