"""From a won deal's terms to the accrual of each beneficiary where brackets alone make it: the common case, kept fast."""

from datetime import date, datetime, timedelta

from services.commission.domain.deal import Counted, Sale, Stake
from services.commission.domain.entries import Accrued, Entry, Kind
from services.commission.domain.facts import Amended, Closed, Terms
from services.commission.domain.options import Base, Split
from services.commission.domain.outcome import NOTHING, Effects, State
from services.commission.domain.plan import PlanVersion
from services.commission.domain.refusals import AmountNegative, LinesMismatch, ShareInvalid, SplitsNotOne
from shared.chassis.ids import derived_id
from shared.chassis.money import allocate
from shared.chassis.values import Value, replace

RULE = "brackets"


def check(terms: Terms) -> None:
    """Raises AmountNegative, SplitsNotOne, ShareInvalid or LinesMismatch."""
    if terms.amount < 0:
        raise AmountNegative
    lines = sum(line.amount for line in terms.lines)
    if terms.lines and lines != terms.amount:
        raise LinesMismatch(lines=lines, amount=terms.amount)
    if len(terms.credits) == 1 and terms.credits[0].share == 1:
        return
    shares = [credit.share for credit in terms.credits]
    if any(share <= 0 for share in shares) or len({credit.partner_id for credit in terms.credits}) != len(shares):
        raise ShareInvalid
    if sum(shares) != 1:
        raise SplitsNotOne(total=sum(shares))


class Rating(Value, frozen=True):
    """A plan version and the state that it rates from, after `pending` effects of the same fact."""

    state: State
    version: PlanVersion
    pending: Effects = NOTHING

    def accrue(self, fact: Closed | Amended, terms: Terms) -> tuple[Effects, Sale]:
        """Commission on `terms`: revenues and amounts each add up to the whole."""
        month, due = self.state.plan.calendar.month(terms.closed_at), release_at(terms, self.version)
        revenues = _divided(terms, terms.amount)
        if self.version.split is Split.COMMISSION:
            counted: tuple[Counted, ...] = (Counted(fact.partner_id, terms.amount),)
            figure = self._figure(terms, counted[0], month)
            figures, amounts = [figure] * len(terms.credits), _divided(terms, figure.earned)
        else:
            counted = tuple([Counted(credit.partner_id, part) for credit, part in zip(terms.credits, revenues, strict=True)])
            figures = [self._figure(terms, each, month) for each in counted]
            amounts = [figure.earned for figure in figures]
        reason = "deal_won" if isinstance(fact, Closed) else "deal_amended"
        entries = tuple(
            [
                Entry(
                    id=derived_id("commission.entry", fact.id, Kind.ACCRUAL, credit.partner_id),
                    fact_id=fact.id,
                    kind=Kind.ACCRUAL,
                    partner_id=credit.partner_id,
                    deal_id=fact.deal_id,
                    close_number=fact.close_number,
                    amount=amount,
                    revenue=revenue,
                    currency=self.state.plan.currency,
                    plan_version=self.version.number,
                    rule=RULE,
                    month=month,
                    closed_at=terms.closed_at,
                    release_at=due,
                    reason=reason if amount else _why_zero(figure),
                    derivation=figure if figure.share is credit.share else replace(figure, share=credit.share),
                )
                for credit, amount, revenue, figure in zip(terms.credits, amounts, revenues, figures, strict=True)
            ]
        )
        sale = self._sale(terms, month, due, entries, counted)
        return Effects(entries, sale.moves), sale

    def _figure(self, terms: Terms, counted: Counted, month: date) -> Accrued:
        """Commission on revenue counted in one position: the difference of the rounded cumulative figures."""
        version, schedule = self.version, self.version.schedule
        period = self.state.plan.calendar.period(version.period, month)
        before = 0 if version.base is Base.DEAL else self.state.positions.at(counted.partner_id, period, moves=self.pending.moves)
        after = before + counted.revenue
        return Accrued(
            sold=terms.amount,
            share=terms.credits[0].share,
            split=version.split,
            base=version.base,
            position_of=counted.partner_id,
            period=period.label,
            before=before,
            revenue=counted.revenue,
            slices=schedule.slices(before, after),
            earned=schedule.cumulative(after) - schedule.cumulative(before),
        )

    def _sale(self, terms: Terms, month: date, due: datetime, entries: tuple[Entry, ...], counted: tuple[Counted, ...]) -> Sale:
        return Sale(
            amount=terms.amount,
            currency=terms.currency,
            closed_at=terms.closed_at,
            month=month,
            plan_version=self.version.number,
            release_at=due,
            lines=tuple([(line.line_id, line.amount) for line in terms.lines]),
            stakes=tuple([Stake(entry.id, entry.partner_id, entry.amount, entry.revenue) for entry in entries]),
            counted=counted,
        )


def release_at(terms: Terms, version: PlanVersion) -> datetime:
    """When the hold ends: so many days after the close."""
    return terms.closed_at + timedelta(days=version.hold_days)


def _divided(terms: Terms, total: int) -> list[int]:
    """`total` by the deal's shares: largest remainder, ties to the earlier beneficiary."""
    return [total] if len(terms.credits) == 1 else allocate(total, [credit.share for credit in terms.credits])


def _why_zero(figure: Accrued) -> str:
    if not figure.revenue:
        return "no_revenue"
    return "below_one_unit" if any(part.exact for part in figure.slices) else "rate_zero"
