"""Periods of the programme that ended: bonuses are brought up to what they are on the revenue counted now, rewards granted once."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.commission.domain.calendar import Period
from services.commission.domain.due import bonus_periods, ranked, reward_periods, rules_for
from services.commission.domain.facts import PROGRAMME, AnyFact, PeriodEnded, RewardsGranted
from services.commission.domain.incentives import Measure, Reward
from services.commission.domain.plan import Plan, PlanVersion
from services.commission.domain.settling import bonuses
from services.commission.domain.statement import midnight
from services.commission.domain.tallies import bonus_posted, counted_for, granted
from services.commission.store.plans import Plans
from services.commission.use_cases.decide import decide
from shared.chassis.database import UnitOfWork
from shared.chassis.ids import new_id

PORTION = 500
_MONTHS = "select distinct month from positions order by 1"
# The partner's type is that of its latest close before the period's end. A bonus that was given keeps the type by which it was given:
# a late close may tell what the partner became since, and must not take it back, nor hide it from a late refund.
_CHANGED = """
select c.partner_id, case when g.given then
    (select j.body ->> 'partner_type' from journal j where j.partner_id = c.partner_id and j.kind = 'periodended' and j.lead
        and j.body ->> 'kind' = $8 and (j.body ->> 'start')::date = $1 order by j.number desc limit 1)
    else (select j.body #>> '{terms,partner_type}' from journal j where j.partner_id = c.partner_id and j.kind in ('closed', 'amended')
        and j.lead and (j.body #>> '{terms,closed_at}')::timestamptz < $7 order by j.number desc limit 1) end, g.given
from (select partner_id, sum(revenue_minor) as revenue from positions where month >= $1 and month < $2 group by 1) c
left join tallies t on t.partner_id = c.partner_id and t.name = $3
cross join lateral (select exists (select 1 from tallies b where b.partner_id = c.partner_id and b.name like $9) as given) g
where c.revenue <> coalesce(t.amount, 0) and (c.revenue >= $4 or t.amount is not null) and c.partner_id > $5
order by 1 limit $6"""
_GRANTED = "select exists (select 1 from tallies where partner_id = $1 and name = $2 and amount > 0)"
_REVENUE = """
select partner_id, sum(revenue_minor)::bigint from positions where month >= $1 and month < $2
group by 1 having sum(revenue_minor) > 0 order by 2 desc, 1"""
_DEALS = """
select partner_id, count(*) from deals where standing = 'won' and (sale ->> 'month')::date >= $1 and (sale ->> 'month')::date < $2
group by 1 order by 2 desc, 1"""
_TYPES = """
select distinct on (partner_id) partner_id, body #>> '{terms,partner_type}' from journal
where partner_id = any($1::uuid[]) and kind in ('closed', 'amended') and lead and (body #>> '{terms,closed_at}')::timestamptz < $2
order by partner_id, number desc"""


class SettlePeriods:
    """One portion of what ended periods give; returns how many decisions were made."""

    def __init__(self, plans: Plans) -> None:
        self._plans = plans

    async def __call__(self, uow: UnitOfWork) -> int:
        plan = await self._plans.current(uow)
        if not any(version.bonuses or version.rewards for version in plan.versions):
            return 0
        months: list[date] = [row[0] for row in await uow.fetch(_MONTHS)]
        facts: Sequence[AnyFact] = await _changed(uow, plan, months) or await _due(uow, plan, months)
        await decide(uow, facts, plans=self._plans)
        return len(facts)


async def _changed(uow: UnitOfWork, plan: Plan, months: Sequence[date]) -> list[AnyFact]:
    """A decision for each partner whose revenue of an ended period is not what its bonuses were last figured on."""
    for period in bonus_periods(plan, months, uow.now):
        target = min(bonus.target for version in plan.versions for bonus in bonuses(version, period))
        names = counted_for(period.label), bonus_posted("%", period.label)
        last, over = PROGRAMME, midnight(period.end, plan.calendar.timezone)
        about = period.start, period.end, names[0], target
        while rows := await uow.fetch(_CHANGED, *about, last, PORTION, over, period.kind.value, names[1]):
            theirs = [row for row in rows if row[2] or any(bonuses(rules_for(plan, period, row[0], row[1]), period))]
            if theirs:
                return [_ended(row[0], row[1], period, uow) for row in theirs]
            last = rows[-1][0]
    return []


def _ended(partner_id: UUID, partner_type: str | None, period: Period, uow: UnitOfWork) -> PeriodEnded:
    name = f"period:{period.label}:{new_id()}"
    return PeriodEnded(name, partner_id, uow.now, period.kind, period.start, partner_type)


async def _due(uow: UnitOfWork, plan: Plan, months: Sequence[date]) -> list[AnyFact]:
    """The first reward that is due and not granted."""
    for version, reward, period in reward_periods(plan, months, uow.now):
        if (await uow.fetch(_GRANTED, PROGRAMME, granted(reward.name, period.label)))[0][0]:
            continue
        if first := await _ranked(uow, plan, version, reward, period):
            name = f"reward:{reward.name}:{period.label}"
            return [RewardsGranted(name, uow.now, reward.name, version.number, period.start, first)]
    return []


async def _ranked(uow: UnitOfWork, plan: Plan, version: PlanVersion, reward: Reward, period: Period) -> tuple[tuple[UUID, int], ...]:
    """Who came first of those whom the version rules on the period's last day."""
    rows = await uow.fetch(_DEALS if reward.by is Measure.DEALS else _REVENUE, period.start, period.end)
    types = {row[0]: row[1] for row in await uow.fetch(_TYPES, [row[0] for row in rows], midnight(period.end, plan.calendar.timezone))}
    theirs = {row[0]: int(row[1]) for row in rows if rules_for(plan, period, row[0], types.get(row[0])) is version}
    return ranked(reward, theirs)
