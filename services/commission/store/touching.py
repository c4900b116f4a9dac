"""What facts touch: partners, and the positions and sums that their decisions will look at."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from uuid import UUID

from services.commission.domain.calendar import Period
from services.commission.domain.deal import Deal, Sale
from services.commission.domain.facts import Amended, AnyFact, Closed, PeriodEnded, Rate, RewardsGranted, Terms
from services.commission.domain.incentives import Spiff
from services.commission.domain.options import Base, EarnedOn, Refunds, Split
from services.commission.domain.plan import Plan, PlanVersion
from services.commission.domain.tallies import bonus_posted, counted_for, granted, spiff_used
from services.commission.domain.valuing import Pair, pair

Place = tuple[UUID, Period]


def partners_of(fact: AnyFact) -> Iterable[UUID]:
    """Whose streams the fact may stand in, as far as it tells itself."""
    yield fact.partner_id
    if isinstance(fact, Closed | Amended) and fact.terms is not None:
        for credit in fact.terms.credits:
            yield credit.partner_id
    elif isinstance(fact, RewardsGranted):
        for partner_id, _ in fact.ranked:
            yield partner_id


def involved(deal: Deal) -> Iterable[UUID]:
    """Whose commission the deal moved so far."""
    yield deal.partner_id
    for sale in deal.sales:
        yield from (stake.partner_id for stake in sale.stakes)
        yield from (counted.partner_id for counted in sale.counted)


@dataclass(frozen=True)
class Touched:
    """Facts, each with the plan as it is known to it, and the deals that they are about as far as they are known."""

    facts: Sequence[tuple[AnyFact, Plan]]
    deals: Sequence[Deal]
    plan: Plan

    @cached_property
    def simple(self) -> bool:
        """Whether closes, corrections and refunds under plain versions in the plan's own currency are all there is."""
        plain = all(version.plain and version.refunds is Refunds.ORIGINAL for version in self.plan.versions)
        return (
            plain
            and not any(True for _ in self.pairs())
            and not any(isinstance(fact, PeriodEnded | RewardsGranted) for fact, _ in self.facts)
        )

    def positions(self) -> list[Place]:
        """The positions from which commission will be figured."""
        return list(dict.fromkeys(self._positions()))

    def earned(self) -> list[Place]:
        """The sums of commission that caps will be held against."""
        return list(dict.fromkeys(self._earned()))

    def spiffs(self) -> list[str]:
        """The SPIFFs that facts may earn or give back, in the order of their locks."""
        given = {stake.special.spiff for deal in self.deals for sale in deal.sales for stake in sale.stakes if stake.special}
        earned = {spiff.name for _, version, at in self._rated() for spiff in self._open(version, at)}
        return sorted(earned | {name for name in given if name is not None})

    def sums(self) -> list[str]:
        """The names of all sums that decisions will look at."""
        names = [spiff_used(name) for name in self.spiffs()]
        for fact, _ in self.facts:
            if isinstance(fact, PeriodEnded):
                label = self.plan.calendar.period(fact.kind, fact.start).label
                bonuses = {bonus.name for version in self.plan.versions for bonus in version.bonuses}
                names += [counted_for(label), *(bonus_posted(name, label) for name in bonuses)]
            elif isinstance(fact, RewardsGranted):
                names += [granted(fact.name, self._rewarded(fact).label)]
        return names

    def pairs(self) -> Iterator[Pair]:
        """The exchange rates that facts need, or are."""
        for fact, _ in self.facts:
            if isinstance(fact, Rate):
                yield pair(fact)
            elif isinstance(fact, Closed | Amended) and fact.terms is not None and fact.terms.currency != self.plan.currency:
                yield fact.terms.currency, self.plan.currency, self.plan.calendar.day(fact.terms.closed_at)

    def _rewarded(self, fact: RewardsGranted) -> Period:
        reward = next(each for each in self.plan.version(fact.plan_version).rewards if each.name == fact.name)
        return self.plan.calendar.period(reward.period, fact.start)

    def _open(self, version: PlanVersion, at: datetime) -> Iterator[Spiff]:
        return (spiff for spiff in version.spiffs if spiff.open_on(self.plan.calendar.day(at)))

    def _rated(self) -> Iterator[tuple[frozenset[UUID], PlanVersion, datetime]]:
        """Who is rated by which version for a close at which time: what facts say, and what known deals may be rated again by."""
        for fact, plan in self.facts:
            if isinstance(fact, Closed | Amended) and (terms := fact.terms) is not None:
                version = plan.at(terms.closed_at, fact.partner_id, terms.partner_type)
                if version is not None:
                    yield frozenset({fact.partner_id, *(credit.partner_id for credit in terms.credits)}), version, terms.closed_at
        for deal in self.deals:
            if (sale := deal.sale) is not None:
                yield frozenset(involved(deal)), self.plan.version(sale.plan_version), sale.closed_at

    def _positions(self) -> Iterator[Place]:
        for fact, plan in self.facts:
            if isinstance(fact, Closed | Amended) and fact.terms is not None:
                yield from self._of_terms(fact, fact.terms, plan)
            elif isinstance(fact, PeriodEnded):
                yield fact.partner_id, self.plan.calendar.period(fact.kind, fact.start)
        for deal in self.deals:
            if deal.sale is not None:
                yield from self._of_sale(deal, deal.sale)

    def _of_terms(self, fact: Closed | Amended, terms: Terms, plan: Plan) -> Iterator[Place]:
        version = plan.at(terms.closed_at, fact.partner_id, terms.partner_type)
        if version is None or version.base is Base.DEAL:
            return
        period = self.plan.calendar.period(version.period, self.plan.calendar.month(terms.closed_at))
        if version.split is Split.COMMISSION:
            yield fact.partner_id, period
            return
        for credit in terms.credits:
            yield credit.partner_id, period

    def _of_sale(self, deal: Deal, sale: Sale) -> Iterator[Place]:
        """A known deal is rated again by the schedule (`rerate`), or as invoices and cash come in."""
        version = self.plan.version(sale.plan_version)
        if version.base is Base.CUMULATIVE and (version.refunds is Refunds.RERATE or version.earned_on is not EarnedOn.WON):
            period = self.plan.calendar.period(version.period, sale.month)
            yield from ((partner_id, period) for partner_id in involved(deal))

    def _earned(self) -> Iterator[Place]:
        for partners, version, at in self._rated():
            month: date = self.plan.calendar.month(at)
            for cap in version.caps:
                yield from ((partner_id, self.plan.calendar.period(cap.period, month)) for partner_id in partners)
