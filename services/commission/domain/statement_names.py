"""How a statement speaks of other partners: by names that say nothing of them, their shares as one where figures allow."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from uuid import UUID

from services.commission.domain.deal import Counted, Deal, Sale, Special, Stake
from services.commission.domain.entries import Accrued, Entry, Rerated, Worked
from services.commission.domain.facts import Amended, AnyFact, Booked, Closed, Credit, PeriodEnded, Rate, RewardsGranted, Terms
from services.commission.domain.options import Split
from services.commission.domain.plan import Plan, PlanVersion
from shared.chassis.ids import derived_id
from shared.chassis.values import replace


def other(about: object, number: int) -> UUID:
    """A name for another partner that says nothing of it."""
    return derived_id("commission.statement.other", about, number)


@dataclass(frozen=True, slots=True)
class Names:
    """Names in the statements of `partner_id`. A partner that the plan names has one for all (`planned`), so that its rules match it.

    Any other has one as the registrant of each deal, and another one in each fact that credits it.
    """

    partner_id: UUID
    planned: Mapping[UUID, UUID] = field(default_factory=dict)

    @classmethod
    def of(cls, partner_id: UUID, plan: Plan) -> "Names":
        """The plan's versions never change, so that names stay the same from statement to statement."""
        named = dict.fromkeys(who for version in plan.versions for who in _named(version) if who != partner_id)
        return cls(partner_id, {who: other(f"{partner_id} in the plan", number) for number, who in enumerate(named)})

    def known(self, partner_id: UUID) -> UUID | None:
        """The name of the partner itself or of one that the plan names, which may be a name already."""
        if partner_id == self.partner_id or partner_id in self.planned.values():
            return partner_id
        return self.planned.get(partner_id)

    def registrant(self, deal_id: UUID, partner_id: UUID) -> UUID:
        """The name of a deal's registrant."""
        return self.known(partner_id) or other(str(deal_id), 0)

    def fact(self, fact: AnyFact, *, apart: bool) -> AnyFact:
        """The fact as the partner may see it; `apart` keeps each share of the others, else they are one."""
        if isinstance(fact, Rate | Booked | PeriodEnded):
            return fact
        if isinstance(fact, RewardsGranted):
            numbered = enumerate(fact.ranked, 1)
            return replace(fact, ranked=tuple((who, of) if who == self.partner_id else (other(fact.id, n), 0) for n, (who, of) in numbered))
        fact = replace(fact, partner_id=self.registrant(fact.deal_id, fact.partner_id))
        if not isinstance(fact, Closed | Amended) or fact.terms is None:
            return fact
        return replace(fact, terms=self.terms(fact.id, fact.terms, apart=apart))

    def terms(self, about: object, terms: Terms, *, apart: bool) -> Terms:
        """The terms with shares that are merged stand where the first of them stood."""
        found: list[Credit] = []
        rest = Fraction(0) if apart else sum((c.share for c in terms.credits if self.known(c.partner_id) is None), Fraction(0))
        for number, each in enumerate(terms.credits, 1):
            who = self.known(each.partner_id)
            if who is not None or apart:
                found.append(Credit(who or other(about, number), each.share))
            elif rest:
                found.append(Credit(other(about, number), rest))
                rest = Fraction(0)
        return replace(terms, credits=tuple(found))

    def entry(self, entry: Entry) -> Entry:
        """The entry without the partner in whose position it was figured."""
        how = entry.derivation
        if entry.deal_id is None:
            return entry
        if isinstance(how, Accrued | Rerated):
            return replace(entry, derivation=replace(how, position_of=self.registrant(entry.deal_id, how.position_of)))
        if isinstance(how, Worked) and how.placed is not None:
            placed = replace(how.placed, position_of=self.registrant(entry.deal_id, how.placed.position_of))
            return replace(entry, derivation=replace(how, placed=placed))
        return entry

    def side(self, deal: Deal, plan: Plan) -> Deal:
        """The partner's side of a deal: others are left out, since what goes back is figured for each apart.

        Where a refund is divided anew among all, they stay, unnamed.
        """
        who = self.registrant(deal.id, deal.partner_id)
        return replace(deal, partner_id=who, sale=deal.sale and self._sale(deal.sale, deal.id, plan, "sale"))

    def _sale(self, sale: Sale, deal_id: UUID, plan: Plan, place: str) -> Sale:
        detail = sale.detail
        cash = detail.cash if detail else None
        if cash is not None:
            terms = self.terms(f"{deal_id} cash", cash.terms, apart=True)
            earnings = tuple(self._sale(earning, deal_id, plan, f"{place} {n}") for n, earning in enumerate(cash.earnings))
            cash = replace(cash, terms=terms, earnings=earnings)
        version = plan.version(sale.plan_version)
        stakes = tuple(self._stake(stake, f"{deal_id} {place}", n) for n, stake in enumerate(sale.stakes, 1))
        if not version.divided_anew:
            stakes = tuple(stake for stake in sale.stakes if stake.partner_id == self.partner_id) or _by_line(sale, deal_id)
        together = version.split is Split.COMMISSION  # it counts once, for the registrant
        kept = [index for index, each in enumerate(sale.counted) if together or each.partner_id == self.partner_id]
        if detail is not None:
            lines = tuple(each for index, each in enumerate(detail.counted) if index in kept)
            bracketed = tuple(each for index, each in enumerate(detail.bracketed) if index in kept)
            shares = detail.shares if version.divided_anew else ()
            detail = replace(detail, counted=lines, bracketed=bracketed, shares=shares, cash=cash)
        return replace(sale, stakes=stakes, counted=tuple(self._counted(sale.counted[index], deal_id) for index in kept), detail=detail)

    def _stake(self, stake: Stake, about: str, number: int) -> Stake:
        """An entry's id is made from its partner's: another's is left out too."""
        if stake.partner_id == self.partner_id:
            return stake
        return replace(stake, entry_id=other(f"entry {about}", number), partner_id=self.known(stake.partner_id) or other(about, number))

    def _counted(self, counted: Counted, deal_id: UUID) -> Counted:
        return replace(counted, partner_id=self.registrant(deal_id, counted.partner_id))


def _by_line(sale: Sale, deal_id: UUID) -> tuple[Stake, ...]:
    """In place of others' stakes, where the partner has none: an empty one, which tells that the sale was figured line by line."""
    parts = (0,) * len(sale.lines)
    nobody = Stake(other(f"entry {deal_id}", 0), other(f"entry {deal_id}", 0), 0, 0, special=Special(parts=parts))
    return (nobody,) if sale.by_line else ()


def _named(version: PlanVersion) -> Iterator[UUID]:
    """The partners that a version names, always in the same order."""
    if version.assigned_to is not None:
        yield from sorted(version.assigned_to.partners)
    for condition in (*(rule.when for rule in version.rules), *(spiff.when for spiff in version.spiffs)):
        if condition.partner is not None:
            yield condition.partner
