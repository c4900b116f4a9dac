"""Say where a partner's money goes: its account (sealed), its tax form, and whether staff keep the money back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.commission.domain.payout_refusals import TaxFormNotGood
from services.commission.domain.payouts import Payee
from services.commission.payout_files.payment import BankAccount
from services.commission.store import payees
from services.commission.store.payees import Kept
from services.commission.store.plans import Plans
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import NotFound
from shared.chassis.values import replace
from shared.chassis.vault import Vault


@dataclass(frozen=True, slots=True)
class PayeeWish:
    """What a partner says about itself."""

    name: str
    currency: str
    account: BankAccount


async def set_payee(uow: UnitOfWork, partner_id: UUID, wish: PayeeWish, *, vault: Vault, by: str, expects: Callable[[int], None]) -> Kept:
    """Raises VaultClosed. Drafted payouts to other details than these are skipped at the start of their batch."""
    former = await payees.held(uow, partner_id)
    sealed = vault.seal(wish.account.text())
    if former is None:
        payee = Payee(partner_id, wish.name, wish.currency, details=1)
        return await _put(uow, Kept(payee, sealed, wish.account.hint, 1, uow.now, by, details_by=by))
    expects(former.version)
    now = PayeeWish(former.payee.name, former.payee.currency, BankAccount.read(vault.open(former.account)))
    if now == wish:
        return former
    payee = replace(former.payee, name=wish.name, currency=wish.currency, details=former.payee.details + 1)
    return await _changed(uow, replace(former, payee=payee, account=sealed, hint=wish.account.hint, details_by=by), by=by)


async def set_tax_form(uow: UnitOfWork, partner_id: UUID, form: str | None, *, until: date | None, by: str, plans: Plans) -> Kept:
    """Staff have seen the form (None: it is withdrawn). Raises NotFound, TaxFormNotGood."""
    today = (await plans.current(uow)).calendar.day(uow.now)
    if form is not None and until is not None and until < today:
        raise TaxFormNotGood(today=today, until=until)
    former = await _held(uow, partner_id)
    payee = replace(former.payee, tax_form=form, tax_form_until=until if form else None)
    return await _changed(uow, replace(former, payee=payee), by=by)


async def set_block(uow: UnitOfWork, partner_id: UUID, reason: str | None, *, by: str) -> Kept:
    """Keep the partner's money back for a reason, or (None) no longer. Raises NotFound."""
    former = await _held(uow, partner_id)
    return await _changed(uow, replace(former, payee=replace(former.payee, blocked=reason)), by=by)


async def _held(uow: UnitOfWork, partner_id: UUID) -> Kept:
    former = await payees.held(uow, partner_id)
    if former is None:
        raise NotFound(what="payee")
    return former


async def _changed(uow: UnitOfWork, kept: Kept, *, by: str) -> Kept:
    return await _put(uow, replace(kept, version=kept.version + 1, changed_at=uow.now, changed_by=by))


async def _put(uow: UnitOfWork, kept: Kept) -> Kept:
    await payees.put(uow, kept)
    return kept
