"""The one decision of commission: what a fact does to a deal, its beneficiaries' entries and the books."""

from dataclasses import replace
from uuid import UUID

from services.commission.domain.accruing import Rating, check
from services.commission.domain.deal import Deal, Sale, Standing
from services.commission.domain.facts import Amended, Closed, DealFact, Refunded, Reopened, Terms
from services.commission.domain.holding import hold
from services.commission.domain.outcome import Posting, State, Waiting, posting
from services.commission.domain.plan import Plan, PlanVersion
from services.commission.domain.refusals import AlreadyClosed, CloseUndone, DealNotWon, RefundExceedsSale, Superseded
from services.commission.domain.taking_back import Reversal, refund, take_back


def decide(fact: DealFact, state: State) -> Posting | Waiting:
    """What `fact` does. Raises a Refused where a rule says no; changes nothing itself."""
    if isinstance(fact, Closed):
        return _close(fact, state)
    deal = state.deal
    if deal is None or fact.close_number > deal.close_number:
        return Waiting(fact, close_name(fact.deal_id, fact.close_number), "deal_unknown")
    if fact.close_number < deal.close_number:
        raise CloseUndone(number=fact.close_number)
    if deal.standing is Standing.WAITING:
        return Waiting(fact, close_name(fact.deal_id, fact.close_number), "deal_waiting")
    if deal.standing is Standing.REOPENED:
        raise CloseUndone(number=fact.close_number)
    if isinstance(fact, Reopened):
        return _reopen(fact, deal, state)
    if deal.sale is None:
        raise DealNotWon(number=fact.close_number)
    if isinstance(fact, Amended):
        return _amend(fact, deal, deal.sale, state)
    if isinstance(fact, Refunded):
        return _refund(fact, deal, deal.sale, state)
    return hold(fact, deal, deal.sale, currency=state.plan.currency)


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
        raise AlreadyClosed(number=fact.close_number)
    open_now = deal is None or deal.standing is Standing.REOPENED
    if not again and (fact.close_number > last + 1 or not open_now):
        return Waiting(fact, _reopened_name(fact.deal_id, fact.close_number - 1), "reopen_unknown")
    settles = (close_name(fact.deal_id, fact.close_number),)
    if fact.terms is None:
        lost = Deal(fact.deal_id, fact.partner_id, fact.close_number, Standing.LOST)
        return Posting(fact, lost, (), (), (), (fact.partner_id,), settles)
    check(fact.terms)
    version = _version(fact.terms, state.plan)
    if isinstance(version, str):
        pending = Deal(fact.deal_id, fact.partner_id, fact.close_number, Standing.WAITING)
        return Waiting(fact, version, version.partition(":")[0], pending)
    given = Rating(state.plan, version, state.positions).accrue(fact, fact.terms)
    won = Deal(fact.deal_id, fact.partner_id, fact.close_number, Standing.WON, 0, given.sale)
    return posting(fact, won, given.entries, moves=given.moves, settles=settles)


def _version(terms: Terms, plan: Plan) -> PlanVersion | str:
    """The version in force at the close; else the name of what is missing, which begins with the reason to show."""
    version = plan.at(terms.closed_at)
    if version is None:
        return f"no_plan:{plan.calendar.day(terms.closed_at)}"
    if terms.currency != plan.currency:
        return f"no_fx_rate:{terms.currency}:{plan.currency}:{plan.calendar.day(terms.closed_at)}"
    return version


def _reopen(fact: Reopened, deal: Deal, state: State) -> Posting:
    undone = replace(deal, standing=Standing.REOPENED, sale=None)
    names = (_reopened_name(deal.id, deal.close_number), _terms_name(deal.id, deal.close_number))
    if deal.sale is None:
        return Posting(fact, undone, (), (), (), (fact.partner_id,), names)
    back = _undo(fact, deal, deal.sale, state, reason="deal_reopened")
    return posting(fact, undone, back.entries, moves=back.moves, settles=names, former=deal.sale)


def _undo(fact: DealFact, deal: Deal, sale: Sale, state: State, *, reason: str) -> Reversal:
    return take_back(fact, deal, sale, refunded=sale.amount, currency=state.plan.currency, reason=reason)


def _amend(fact: Amended, deal: Deal, sale: Sale, state: State) -> Posting | Waiting:
    """Take back what is left, accrue on the new terms; refunds of this close stay refunded and come off the new accrual."""
    if fact.revision <= deal.revision:
        raise Superseded
    check(fact.terms)
    if sale.refunded > fact.terms.amount:
        raise RefundExceedsSale(refunded=sale.refunded, sold=fact.terms.amount)
    version = _version(fact.terms, state.plan)
    if isinstance(version, str):
        return Waiting(fact, version, version.partition(":")[0])
    undone = _undo(fact, deal, sale, state, reason="deal_amended")
    given = Rating(state.plan, version, state.positions, undone.moves).accrue(fact, fact.terms)
    entries, moves, anew = undone.entries + given.entries, undone.moves + given.moves, given.sale
    if sale.refunded:
        anew = _carried(sale, anew)
        back = take_back(fact, deal, anew, refunded=anew.refunded, currency=state.plan.currency, reason="refunded_before_amendment")
        entries, moves, anew = entries + back.entries, moves + back.moves, back.sale
    amended = replace(deal, revision=fact.revision, sale=anew)
    names = (_terms_name(deal.id, deal.close_number),)
    return posting(fact, amended, entries, moves=moves, settles=names, former=sale)


def _carried(before: Sale, after: Sale) -> Sale:
    """Refunds by name stay with lines that are still there, as far as those reach."""
    sold = dict(after.lines)
    lines = tuple((line, min(amount, sold[line])) for line, amount in before.refunded_lines if line in sold)
    return replace(after, refunded=before.refunded, refunded_lines=lines)


def _refund(fact: Refunded, deal: Deal, sale: Sale, state: State) -> Posting | Waiting:
    if fact.revision > deal.revision:
        return Waiting(fact, _terms_name(deal.id, deal.close_number), "terms_unknown")
    refunded = refund(fact, sale)
    back = take_back(fact, deal, refunded, refunded=refunded.refunded, currency=state.plan.currency, reason="refund")
    return posting(fact, replace(deal, sale=back.sale), back.entries, moves=back.moves, former=sale)
