"""Plans that earn on invoices or cash: each increase of the net sum is a small sale of its own, each decrease goes back pro rata."""

from services.commission.domain.accruing import release_at
from services.commission.domain.deal import Cash, Deal, Detail, Refund, Sale, Stake
from services.commission.domain.entries import Entry, Exchange, Given, Kind
from services.commission.domain.facts import Amended, Closed, Invoiced, Paid, Terms
from services.commission.domain.figuring import BRACKETS
from services.commission.domain.options import EarnedOn
from services.commission.domain.outcome import NOTHING, Effects, State
from services.commission.domain.plan import PlanVersion
from services.commission.domain.refunding import dated
from services.commission.domain.refusals import CurrencyMismatch, InvoiceExceedsSale, PaymentExceedsSale, ReceiptInvalid
from services.commission.domain.taking_back import Reversal
from services.commission.domain.valuing import in_proportion, portion
from services.commission.domain.working import Cause, Working
from shared.chassis.ids import derived_id
from shared.chassis.values import replace

Receipt = Invoiced | Paid
_WAITS = {EarnedOn.INVOICED: "not_invoiced_yet", EarnedOn.PAID: "not_paid_yet"}
_NAMES = {EarnedOn.INVOICED: "invoiced", EarnedOn.PAID: "paid"}


def opening(fact: Closed | Amended, terms: Terms, state: State, version: PlanVersion, exchange: Exchange | None) -> tuple[Effects, Sale]:
    """The close itself earns nothing: an entry of 0 for each beneficiary, and the sale that receipts add to."""
    month = state.plan.calendar.month(terms.closed_at)
    reason = _WAITS[version.earned_on]
    entries = tuple(
        Entry(
            id=derived_id("commission.entry", fact.id, "opening", credit.partner_id),
            fact_id=fact.id,
            kind=Kind.ACCRUAL,
            partner_id=credit.partner_id,
            deal_id=fact.deal_id,
            close_number=fact.close_number,
            amount=0,
            revenue=0,
            currency=state.plan.currency,
            plan_version=version.number,
            rule=BRACKETS,
            month=month,
            closed_at=terms.closed_at,
            release_at=release_at(terms, version),
            reason=reason,
            derivation=Given(f"nothing of the deal is {_NAMES[version.earned_on]} yet"),
        )
        for credit in terms.credits
    )
    sale = Sale(
        amount=terms.amount,
        currency=terms.currency,
        closed_at=terms.closed_at,
        month=month,
        plan_version=version.number,
        release_at=release_at(terms, version),
        lines=tuple((line.line_id, line.amount) for line in terms.lines),
        stakes=tuple(Stake(entry.id, entry.partner_id, 0, 0) for entry in entries),
        counted=(),
        detail=Detail(exchange=exchange, cash=Cash(terms)),
    )
    return Effects(entries), sale


def earns(fact: Receipt, sale: Sale, state: State) -> bool:
    """Whether the sale's plan version earns on what the fact tells."""
    earned_on = state.plan.version(sale.plan_version).earned_on
    return earned_on is (EarnedOn.INVOICED if isinstance(fact, Invoiced) else EarnedOn.PAID)


def receive(fact: Receipt, sale: Sale, state: State) -> tuple[Effects, Sale]:
    """Accrue on what the net sum rises by. Raises CurrencyMismatch, ReceiptInvalid, InvoiceExceedsSale or PaymentExceedsSale."""
    if fact.currency != sale.currency:
        raise CurrencyMismatch(sold=sale.currency, given=fact.currency)
    if fact.amount <= 0:
        raise ReceiptInvalid
    cash = _cash(sale)
    received = cash.received + fact.amount
    check_received(received, sale.amount, invoiced=isinstance(fact, Invoiced))
    more = max(0, received - sale.refunded) - cash.net
    return earn(fact, replace_cash(sale, replace(cash, received=received)), more, state, NOTHING)


def check_received(received: int, sold: int, *, invoiced: bool) -> None:
    """Raises InvoiceExceedsSale or PaymentExceedsSale."""
    if received > sold:
        raise (InvoiceExceedsSale if invoiced else PaymentExceedsSale)(received=received, sold=sold)


def earn(fact: Cause, sale: Sale, more: int, state: State, pending: Effects) -> tuple[Effects, Sale]:
    """Accrue on `more` of the sale (minor units of its currency), at the version and in the period of the close."""
    cash = _cash(sale)
    version = state.plan.version(sale.plan_version)
    exchange = sale.detail.exchange if sale.detail else None
    terms = portion(cash.terms, more)
    working = Working(fact, terms, state, version, _NAMES[version.earned_on], exchange, pending, cash.terms.amount, cash.earnings)
    does, earning = working.accrue()
    return does, replace_cash(sale, replace(cash, earnings=(*cash.earnings, earning)) if more else cash)


def lose(reversal: Reversal, before: Sale, after: Sale) -> tuple[Effects, Sale]:
    """Take back what the net sum falls by, over all earnings in proportion to what is left of each."""
    cash = _cash(after)
    less = cash.net - max(0, cash.received - after.refunded) if not reversal.undone else cash.net
    if not less and not reversal.undone:
        does, _ = reversal.take(replace(before, refunded=0), replace(after, refunded=0))
        return does, after
    parts = in_proportion(less, [earning.amount - earning.refunded for earning in cash.earnings])
    does, earnings = NOTHING, list(cash.earnings)
    for index, (earning, part) in enumerate(zip(cash.earnings, parts, strict=True)):
        if part or reversal.undone:
            others = (*earnings[:index], *earnings[index + 1 :])
            now = replace(reversal, pending=reversal.pending + does, others=others)
            effects, earnings[index] = now.take(earning, _less(earning, part, reversal))
            does += effects
    return does, replace_cash(after, replace(cash, earnings=tuple(earnings)))


def _less(earning: Sale, part: int, reversal: Reversal) -> Sale:
    """The earning with `part` more of it gone, at the time of the refund."""
    after = replace(earning, refunded=earning.refunded + part)
    return after if reversal.undone else dated(after, Refund(reversal.fact.at, part))


def replace_cash(sale: Sale, cash: Cash) -> Sale:
    """The sale with other receipts or earnings."""
    return replace(sale, detail=replace(sale.detail or Detail(), cash=cash))


def _cash(sale: Sale) -> Cash:
    if sale.detail is None or sale.detail.cash is None:
        raise ValueError(f"the sale of {sale.closed_at} is not earned bit by bit")
    return sale.detail.cash


def cash_of(deal: Deal) -> Cash | None:
    """What was received, where the deal's version earns on that."""
    return deal.sale.detail.cash if deal.sale and deal.sale.detail else None
