"""The one decision of commission about deals: what a fact does to a deal, its beneficiaries' entries and the books."""

from datetime import timedelta
from uuid import UUID

from services.commission.domain.accruing import Rating, check
from services.commission.domain.deal import Deal, Sale, Standing
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
from services.commission.domain.refunding import refund
from services.commission.domain.refusals import AlreadyClosed, CloseUndone, DealNotWon, RefundExceedsSale, Superseded
from services.commission.domain.taking_back import Reversal
from services.commission.domain.valuing import exchanged, rate_name
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
        return Waiting(fact, close_name(fact.deal_id, fact.close_number), "deal_unknown")
    if fact.close_number < deal.close_number:
        raise CloseUndone(number=fact.close_number)
    if deal.standing is Standing.WAITING:
        if isinstance(fact, Reopened):
            return _abandon(Abandoned(fact.id, fact.deal_id, fact.partner_id, fact.at, fact.close_number))
        return Waiting(fact, close_name(fact.deal_id, fact.close_number), "deal_waiting")
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


def close_name(deal_id: UUID, number: int) -> str:
    """What facts about a close wait for."""
    return f"close:{deal_id}:{number}"


def _reopened_name(deal_id: UUID, number: int) -> str:
    return f"reopened:{deal_id}:{number}"


def _terms_name(deal_id: UUID, number: int) -> str:
    return f"terms:{deal_id}:{number}"


def _close(fact: Closed, state: State) -> Posting | Waiting:
    deal = state.deal
    last = deal.close_number if deal else 0
    again = deal is not None and deal.standing is Standing.WAITING and fact.close_number == last
    if fact.close_number <= last and not again:
        undone = fact.close_number < last or deal is None or deal.standing is Standing.REOPENED
        raise CloseUndone(number=fact.close_number) if undone else AlreadyClosed(number=fact.close_number)
    open_now = deal is None or deal.standing is Standing.REOPENED
    if not again and (fact.close_number > last + 1 or not open_now):
        return Waiting(fact, _reopened_name(fact.deal_id, fact.close_number - 1), "reopen_unknown")
    settles = (close_name(fact.deal_id, fact.close_number),)
    if fact.terms is None:
        lost = Deal(fact.deal_id, fact.partner_id, fact.close_number, Standing.LOST)
        return Posting(fact, lost, (), (), (), (fact.partner_id,), settles)
    check(fact.terms)
    ruling = _ruling(fact, fact.terms, state)
    if isinstance(ruling, str):
        pending = Deal(fact.deal_id, fact.partner_id, fact.close_number, Standing.WAITING)
        return Waiting(fact, ruling, ruling.partition(":")[0], pending, () if again else settles)
    does, sale = _accrue(fact, fact.terms, state, ruling)
    return posting(fact, Deal(fact.deal_id, fact.partner_id, fact.close_number, Standing.WON, 0, sale), does, settles=settles)


Ruling = tuple[PlanVersion, Exchange | None]


def _ruling(fact: DealFact, terms: Terms, state: State) -> Ruling | str:
    """The version in force at the close and the rate of its day; else the name of what is missing, which begins with the reason to show."""
    plan = state.plan
    version = plan.at(terms.closed_at, fact.partner_id, terms.partner_type)
    if version is None:
        return f"no_plan:{plan.calendar.day(terms.closed_at)}:{plan.latest}"
    if terms.currency == plan.currency:
        return version, None
    day = plan.calendar.day(terms.closed_at)
    rate = state.rates.get((terms.currency, plan.currency, day))
    return rate_name(terms.currency, plan.currency, day) if rate is None else (version, exchanged(rate))


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
    names = (close_name(fact.deal_id, fact.close_number), _reopened_name(fact.deal_id, fact.close_number))
    return Posting(fact, undone, (), (), (), (fact.partner_id,), names)


def _reopen(fact: Reopened, deal: Deal, state: State) -> Posting:
    undone = replace(deal, standing=Standing.REOPENED, sale=None)
    names = (_reopened_name(deal.id, deal.close_number), _terms_name(deal.id, deal.close_number))
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
    if isinstance(ruling, str):
        return Waiting(fact, ruling, ruling.partition(":")[0])
    does, _ = _take(Reversal(fact, deal, state, "deal_amended", undone=True), sale, sale)
    given, anew = _accrue(fact, fact.terms, state, ruling, does)
    does += given
    more, anew = _carried(fact, deal, sale, anew, state, does)
    names = (_terms_name(deal.id, deal.close_number),)
    return posting(fact, replace(deal, revision=fact.revision, sale=anew), does + more, settles=names, former=deal)


def _carried(fact: Amended, deal: Deal, sale: Sale, anew: Sale, state: State, does: Effects) -> tuple[Effects, Sale]:
    """What was refunded and received before holds for the new terms too."""
    after = _refunds_kept(sale, anew)
    if anew.detail and anew.detail.cash:
        received = former.received if (former := cash_of(deal)) and _same_ground(sale, anew, state) else 0
        check_received(received, anew.amount, invoiced=state.plan.version(anew.plan_version).earned_on is EarnedOn.INVOICED)
        after = replace_cash(after, replace(anew.detail.cash, received=received))
        more = max(0, received - after.refunded)
        return earn(fact, after, more, state, does) if more else (NOTHING, after)
    if not sale.refunded:
        return NOTHING, anew
    return Reversal(fact, deal, state, "refunded_before_amendment", does).take(anew, after)


def _same_ground(sale: Sale, anew: Sale, state: State) -> bool:
    """Whether both are earned on the same: invoices are no cash."""
    return state.plan.version(sale.plan_version).earned_on is state.plan.version(anew.plan_version).earned_on


def _refunds_kept(before: Sale, after: Sale) -> Sale:
    """Refunds by name stay with lines that are still there, as far as those reach."""
    sold = dict(after.lines)
    lines = tuple((line, min(amount, sold[line])) for line, amount in before.refunded_lines if line in sold)
    return replace(after, refunded=before.refunded, refunded_lines=lines)


def _refund(fact: Refunded, deal: Deal, sale: Sale, state: State) -> Posting | Waiting:
    if fact.revision > deal.revision:
        return Waiting(fact, _terms_name(deal.id, deal.close_number), "terms_unknown")
    days = state.plan.version(sale.plan_version).clawback_days
    late = days is not None and fact.at > sale.closed_at + timedelta(days=days)
    does, left = _take(Reversal(fact, deal, state, "refund", forgiven=late), sale, refund(fact, sale))
    return posting(fact, replace(deal, sale=left), does, former=deal)


def _receive(fact: Invoiced | Paid, deal: Deal, sale: Sale, state: State) -> Posting:
    """What the plan does not earn on is taken in without effect."""
    if not earns(fact, sale, state):
        return Posting(fact, deal, (), (), (), (fact.partner_id,))
    does, after = receive(fact, sale, state)
    return posting(fact, replace(deal, sale=after), does, former=deal)
