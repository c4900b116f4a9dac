"""The one decision of commission about deals: what a fact does to a deal, its beneficiaries' entries and the books."""

from services.commission.domain import waits
from services.commission.domain.accruing import Rating, check
from services.commission.domain.deal import Deal, Refund, Sale, Standing
from services.commission.domain.earning import cash_of, check_received, earn, earns, lose, opening, receive, replace_cash
from services.commission.domain.entries import Exchange
from services.commission.domain.facts import (
    Abandoned,
    Amended,
    Closed,
    DealFact,
    Frozen,
    Invoiced,
    Paid,
    Refunded,
    Released,
    Reopened,
    Terms,
    Thawed,
)
from services.commission.domain.holding import hold
from services.commission.domain.options import EarnedOn
from services.commission.domain.outcome import NOTHING, Effects, Posting, State, Waiting, posting
from services.commission.domain.plan import PlanVersion
from services.commission.domain.refunding import after_limit, dated, in_time, refund
from services.commission.domain.refusals import AlreadyClosed, CloseUndone, DealNotWon, RefundExceedsSale, Superseded
from services.commission.domain.taking_back import Reversal
from services.commission.domain.valuing import exchanged
from services.commission.domain.waits import Reason, Wait
from services.commission.domain.working import Working
from shared.chassis.values import replace


def decide(fact: DealFact, state: State) -> Posting | Waiting:
    """What `fact` does. Raises a Refused where a rule says no; changes nothing itself."""
    if isinstance(fact, Closed):
        return _close(fact, state)
    if isinstance(fact, Abandoned):
        return _abandon(fact)
    deal = state.deal
    if deal is None or fact.close_number > deal.close_number:
        return Waiting(fact, waits.closed(fact.deal_id, fact.close_number), Reason.DEAL_UNKNOWN)
    if fact.close_number < deal.close_number:
        raise CloseUndone(number=fact.close_number)
    if deal.standing is Standing.WAITING:
        if isinstance(fact, Reopened):
            return _abandon(Abandoned(fact.id, fact.deal_id, fact.partner_id, fact.at, fact.close_number))
        return Waiting(fact, waits.closed(fact.deal_id, fact.close_number), Reason.DEAL_WAITING)
    if deal.standing is Standing.REOPENED:
        raise CloseUndone(number=fact.close_number)
    if isinstance(fact, Reopened):
        return _reopen(fact, deal, state)
    if deal.sale is None:
        raise DealNotWon(number=fact.close_number)
    return _changed(fact, deal, deal.sale, state)


def _changed(fact: DealFact, deal: Deal, sale: Sale, state: State) -> Posting | Waiting:
    """What a fact does to a sale that stands."""
    match fact:
        case Amended():
            return _amend(fact, deal, sale, state)
        case Refunded():
            return _refund(fact, deal, sale, state)
        case Invoiced() | Paid():
            return _receive(fact, deal, sale, state)
        case Released() | Frozen() | Thawed():
            return hold(fact, deal, currency=state.plan.currency)
        case _:
            raise TypeError(f"{type(fact).__name__} changes no sale")


def _close(fact: Closed, state: State) -> Posting | Waiting:
    deal = state.deal
    last = deal.close_number if deal else 0
    again = deal is not None and deal.standing is Standing.WAITING and fact.close_number == last
    if fact.close_number <= last and not again:
        undone = fact.close_number < last or deal is None or deal.standing is Standing.REOPENED
        raise CloseUndone(number=fact.close_number) if undone else AlreadyClosed(number=fact.close_number)
    open_now = deal is None or deal.standing is Standing.REOPENED
    if not again and (fact.close_number > last + 1 or not open_now):
        return Waiting(fact, waits.reopened(fact.deal_id, fact.close_number - 1), Reason.REOPEN_UNKNOWN)
    settles = (waits.closed(fact.deal_id, fact.close_number),)
    if fact.terms is None:
        lost = Deal(fact.deal_id, fact.partner_id, fact.close_number, Standing.LOST)
        return Posting(fact, lost, (), (), (), (fact.partner_id,), settles)
    check(fact.terms)
    ruling = _ruling(fact, fact.terms, state)
    if isinstance(ruling, Wait):
        pending = Deal(fact.deal_id, fact.partner_id, fact.close_number, Standing.WAITING)
        return Waiting(fact, *ruling, pending, () if again else settles)
    does, sale = _accrue(fact, fact.terms, state, ruling)
    return posting(fact, Deal(fact.deal_id, fact.partner_id, fact.close_number, Standing.WON, 0, sale), does, settles=settles)


Ruling = tuple[PlanVersion, Exchange | None]


def _ruling(fact: DealFact, terms: Terms, state: State) -> Ruling | Wait:
    """The version in force at the close and the rate of its day; else what is missing."""
    plan = state.plan
    version = plan.at(terms.closed_at, fact.partner_id, terms.partner_type)
    if version is None:
        return Wait(waits.plan(plan.calendar.day(terms.closed_at), plan.latest), Reason.NO_PLAN)
    if terms.currency == plan.currency:
        return version, None
    day = plan.calendar.day(terms.closed_at)
    rate = state.rates.get((terms.currency, plan.currency, day))
    if rate is None:
        return Wait(waits.rate(terms.currency, plan.currency, day), Reason.NO_FX_RATE)
    return version, exchanged(rate)


def _accrue(fact: Closed | Amended, terms: Terms, state: State, ruling: Ruling, pending: Effects = NOTHING) -> tuple[Effects, Sale]:
    version, exchange = ruling
    if version.earned_on is not EarnedOn.WON:
        return opening(fact, terms, state, version, exchange)
    if version.plain and exchange is None:
        return Rating(state, version, pending).accrue(fact, terms)
    reason = "deal_won" if isinstance(fact, Closed) else "deal_amended"
    return Working(fact, terms, state, version, reason, exchange, pending).accrue()


def _abandon(fact: Abandoned) -> Posting:
    """Nothing accrued, so nothing goes back; all that waited for the close is refused as undone."""
    undone = Deal(fact.deal_id, fact.partner_id, fact.close_number, Standing.REOPENED)
    names = (waits.closed(fact.deal_id, fact.close_number), waits.reopened(fact.deal_id, fact.close_number))
    return Posting(fact, undone, (), (), (), (fact.partner_id,), names)


def _reopen(fact: Reopened, deal: Deal, state: State) -> Posting:
    undone = replace(deal, standing=Standing.REOPENED, sale=None)
    names = (waits.reopened(deal.id, deal.close_number), waits.amended(deal.id, deal.close_number))
    if deal.sale is None:
        return Posting(fact, undone, (), (), (), (fact.partner_id,), names)
    back, _ = _take(Reversal(fact, deal, state, "deal_reopened", undone=True), deal.sale, deal.sale)
    return posting(fact, undone, back, settles=names, former=deal)


def _take(reversal: Reversal, before: Sale, after: Sale) -> tuple[Effects, Sale]:
    """From the sale itself, or from what was earned on it bit by bit."""
    if after.detail and after.detail.cash:
        return lose(reversal, before, after)
    return reversal.take(before, after)


def _amend(fact: Amended, deal: Deal, sale: Sale, state: State) -> Posting | Waiting:
    """Take back what is left, accrue on the new terms; refunds of this close stay refunded and come off the new accrual."""
    if fact.revision <= deal.revision:
        raise Superseded
    check(fact.terms)
    if sale.refunded > fact.terms.amount:
        raise RefundExceedsSale(refunded=sale.refunded, sold=fact.terms.amount)
    ruling = _ruling(fact, fact.terms, state)
    if isinstance(ruling, Wait):
        return Waiting(fact, *ruling)
    does, _ = _take(Reversal(fact, deal, state, "deal_amended", undone=True), sale, sale)
    given, anew = _accrue(fact, fact.terms, state, ruling, does)
    does += given
    more, anew = _carried(fact, deal, sale, anew, state, does)
    names = (waits.amended(deal.id, deal.close_number),)
    return posting(fact, replace(deal, revision=fact.revision, sale=anew), does + more, settles=names, former=deal)


def _carried(fact: Amended, deal: Deal, sale: Sale, anew: Sale, state: State, does: Effects) -> tuple[Effects, Sale]:
    """What was refunded and received before holds for the new terms too."""
    after = _with_refunds_of(sale, anew)
    if anew.detail and anew.detail.cash:
        received = former.received if (former := cash_of(deal)) and _same_ground(sale, anew, state) else 0
        check_received(received, anew.amount, invoiced=state.plan.version(anew.plan_version).earned_on is EarnedOn.INVOICED)
        after = replace_cash(after, replace(anew.detail.cash, received=received))
        more = max(0, received - after.refunded)
        return earn(fact, after, more, state, does) if more else (NOTHING, after)
    if not sale.refunded:
        return NOTHING, anew
    owed = in_time(after, state.plan.version(after.plan_version).clawback_days).refunded
    return Reversal(fact, deal, state, "refunded_before_amendment", does, forgiven=not owed).take(anew, after)


def _same_ground(sale: Sale, anew: Sale, state: State) -> bool:
    """Whether both are earned on the same: invoices are no cash."""
    return state.plan.version(sale.plan_version).earned_on is state.plan.version(anew.plan_version).earned_on


def _with_refunds_of(before: Sale, after: Sale) -> Sale:
    """Refunds by name stay with lines that are still there, as far as those reach; whether any came too late goes by the new terms."""
    sold = dict(after.lines)
    lines = tuple((line, min(amount, sold[line])) for line, amount in before.refunded_lines if line in sold)
    known = before.detail.refunds if before.detail else ()
    return dated(replace(after, refunded=before.refunded, refunded_lines=lines), *known)


def _refund(fact: Refunded, deal: Deal, sale: Sale, state: State) -> Posting | Waiting:
    if fact.revision > deal.revision:
        return Waiting(fact, waits.amended(deal.id, deal.close_number), Reason.TERMS_UNKNOWN)
    after = dated(refund(fact, sale), Refund(fact.at, fact.amount, fact.lines))
    days = state.plan.version(sale.plan_version).clawback_days
    late = after_limit(fact.at, sale, days)
    reason = "refund" if late or in_time(after, days) is after else "refund_in_time"
    does, left = _take(Reversal(fact, deal, state, reason, forgiven=late), sale, after)
    return posting(fact, replace(deal, sale=left), does, former=deal)


def _receive(fact: Invoiced | Paid, deal: Deal, sale: Sale, state: State) -> Posting:
    """What the plan does not earn on is taken in without effect."""
    if not earns(fact, sale, state):
        return Posting(fact, deal, (), (), (), (fact.partner_id,))
    does, after = receive(fact, sale, state)
    return posting(fact, replace(deal, sale=after), does, former=deal)
