"""Which bonuses and rewards are due: periods of the programme calendar that ended, and who counts in them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from uuid import UUID

from services.commission.domain.calendar import Calendar, Period, PeriodKind
from services.commission.domain.facts import Amended, AnyFact, Closed, PeriodEnded, RewardsGranted
from services.commission.domain.incentives import Measure, Reward
from services.commission.domain.plan import Plan, PlanVersion
from services.commission.domain.settling import bonuses, last_day

Months = Mapping[tuple[UUID, date], int]
TypeOf = Callable[[UUID, Period], str | None]


class Types:
    """Of which type partners were in a period: as the last close or correction said, in posting order, of a deal closed by its end."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._told: dict[UUID, list[tuple[date, str | None]]] = {}  # changes alone, by day

    def tell(self, fact: AnyFact) -> None:
        """A fact that was taken in."""
        if isinstance(fact, Closed | Amended) and fact.terms is not None:
            day, kind = self._calendar.day(fact.terms.closed_at), fact.terms.partner_type
            told = self._told.setdefault(fact.partner_id, [])
            while told and told[-1][0] >= day:  # no period asks for what is told again for the same days
                told.pop()
            if not told or told[-1][1] != kind:
                told.append((day, kind))

    def at(self, partner_id: UUID, period: Period) -> str | None:
        """The partner's type in the period."""
        return next((kind for day, kind in reversed(self._told.get(partner_id, [])) if day < period.end), None)


def bonus_periods(plan: Plan, months: Iterable[date], as_of: datetime) -> Iterator[Period]:
    """Periods with a bonus that hold one of the months and ended by `as_of`."""
    return _ended(plan, months, as_of, {bonus.period for version in plan.versions for bonus in version.bonuses})


def reward_periods(plan: Plan, months: Iterable[date], as_of: datetime) -> Iterator[tuple[PlanVersion, Reward, Period]]:
    """Rewards of periods that ended by `as_of`, each with the version in force on the last day."""
    for version in plan.versions:
        for reward in version.rewards:
            for period in _ended(plan, months, as_of, {reward.period}):
                if _rules(plan, version, period):
                    yield version, reward, period


def ended(plan: Plan, months: Months, as_of: datetime, type_of: TypeOf) -> list[PeriodEnded]:
    """A decision for each partner and period with a bonus."""
    found = []
    for period in bonus_periods(plan, {month for _, month in months}, as_of):
        for partner_id in sorted({who for who, month in months if period.start <= month < period.end}):
            kind = type_of(partner_id, period)
            if any(bonuses(rules_for(plan, period, partner_id, kind), period)):
                name = f"period:{period.label}:{partner_id}:{as_of.isoformat()}"
                found.append(PeriodEnded(name, partner_id, as_of, period.kind, period.start, kind))
    return found


def rules_for(plan: Plan, period: Period, partner_id: UUID, partner_type: str | None) -> PlanVersion | None:
    """The version that a partner's bonuses and rewards of a period go by: in force on its last day."""
    return plan.on(last_day(period), partner_id, partner_type)


def ranked(reward: Reward, measured: Mapping[UUID, int]) -> tuple[tuple[UUID, int], ...]:
    """The first `top` partners with anything to show; of equals, the lower id."""
    order = sorted(((-value, who) for who, value in measured.items() if value > 0))
    return tuple((who, -value) for value, who in order[: reward.top])


def grants(
    plan: Plan, months: Months, deals: Callable[[Period], Mapping[UUID, int]], as_of: datetime, type_of: TypeOf
) -> Iterator[RewardsGranted]:
    """A decision for each reward of a period that somebody gets."""
    for version, reward, period in reward_periods(plan, {month for _, month in months}, as_of):
        measured = deals(period) if reward.by is Measure.DEALS else _revenue(months, period)
        theirs = {who: value for who, value in measured.items() if rules_for(plan, period, who, type_of(who, period)) is version}
        if first := ranked(reward, theirs):
            name = f"reward:{reward.name}:{period.label}"
            yield RewardsGranted(name, as_of, reward.name, version.number, period.start, first)


def _revenue(months: Months, period: Period) -> dict[UUID, int]:
    found: dict[UUID, int] = {}
    for (who, month), revenue in months.items():
        if period.start <= month < period.end:
            found[who] = found.get(who, 0) + revenue
    return found


def _ended(plan: Plan, months: Iterable[date], as_of: datetime, kinds: Iterable[PeriodKind]) -> Iterator[Period]:
    today = plan.calendar.day(as_of)
    found = {plan.calendar.period(kind, month) for month in months for kind in kinds if kind is not PeriodKind.LIFETIME}
    yield from sorted((period for period in found if period.end <= today), key=lambda period: (period.end, period.start))


def _rules(plan: Plan, version: PlanVersion, period: Period) -> bool:
    """Whether some partner may be under the version on the period's last day: none with the same whom replaced it by then."""
    day = last_day(period)
    same = [v for v in plan.versions if v.assigned_to == version.assigned_to and v.effective_from <= day]
    return bool(same) and max(same, key=lambda v: (v.effective_from, v.number)) is version
