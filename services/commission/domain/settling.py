"""What periods give once they ended: bonuses for targets reached, rewards for who came first."""

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

from services.commission.domain.calendar import Period
from services.commission.domain.entries import Account, Entry, Given, Kind, transfers_of
from services.commission.domain.facts import PROGRAMME, PeriodEnded, RewardsGranted
from services.commission.domain.incentives import Bonus, Reward
from services.commission.domain.outcome import Posting, State
from services.commission.domain.plan import Plan, PlanVersion
from services.commission.domain.refusals import RewardGranted
from services.commission.domain.tallies import Tally, bonus_posted, counted_for, granted
from shared.chassis.ids import derived_id
from shared.chassis.money import Money, round_half_up


def settle(fact: PeriodEnded, state: State) -> Posting:
    """Post the difference between what each bonus is on the revenue that counts now and what was posted for it.

    The fact's type says by which version: that of the period's last day. What others gave is taken back whole.
    """
    period = state.plan.calendar.period(fact.kind, fact.start)
    revenue = state.positions.at(fact.partner_id, period)
    version = state.plan.on(last_day(period), fact.partner_id, fact.partner_type)
    entries, tallies = [], [Tally(fact.partner_id, counted_for(period.label), revenue - _counted(fact, period, state))]
    for bonus, whose, holds in _every_bonus(state.plan, version, period):
        name = bonus_posted(bonus.name, period.label)
        before = state.tallies.at(fact.partner_id, name)
        due = round_half_up(bonus.exact(revenue)) if holds else 0
        if due != before:
            entries.append(_bonus(fact, bonus, whose, period, revenue=revenue, due=due, before=before, currency=state.plan.currency))
            tallies.append(Tally(fact.partner_id, name, due - before))
    return _posted(fact, tuple(entries), (fact.partner_id,), tuple(tally for tally in tallies if tally.delta))


def bonuses(version: PlanVersion | None, period: Period) -> Iterator[Bonus]:
    """The version's bonuses for periods of this kind."""
    for bonus in version.bonuses if version else ():
        if bonus.period is period.kind:
            yield bonus


def _every_bonus(plan: Plan, version: PlanVersion | None, period: Period) -> Iterator[tuple[Bonus, PlanVersion, bool]]:
    """The version's bonuses, then those of other versions, each with its own latest, which hold no more."""
    own = {bonus.name for bonus in bonuses(version, period)}
    if version is not None:
        yield from ((bonus, version, True) for bonus in bonuses(version, period))
    others = {bonus.name: (bonus, each) for each in plan.versions for bonus in bonuses(each, period) if bonus.name not in own}
    yield from ((bonus, each, False) for bonus, each in others.values())


def last_day(period: Period) -> date:
    """The day whose version rules a period's bonuses and rewards."""
    return period.end - timedelta(days=1)


def grant(fact: RewardsGranted, state: State) -> Posting:
    """An entry for each partner in the fact's order. Raises RewardGranted for a second time."""
    version = state.plan.version(fact.plan_version)
    reward = next(each for each in version.rewards if each.name == fact.name)
    period = state.plan.calendar.period(reward.period, fact.start)
    name = granted(fact.name, period.label)
    if state.tallies.at(PROGRAMME, name):
        raise RewardGranted(name=fact.name, period=period.label)
    entries = tuple(
        _reward(fact, reward, period, rank=rank, partner_id=partner_id, measured=measured, currency=state.plan.currency)
        for rank, (partner_id, measured) in enumerate(fact.ranked)
    )
    streams = (PROGRAMME, *sorted({partner_id for partner_id, _ in fact.ranked}))
    return _posted(fact, entries, streams, (Tally(PROGRAMME, name, len(entries)),))


def _bonus(
    fact: PeriodEnded, bonus: Bonus, version: PlanVersion, period: Period, *, revenue: int, due: int, before: int, currency: str
) -> Entry:
    figures = (
        ("period", period.label),
        ("revenue that counts", str(Money(revenue, currency))),
        ("target", str(Money(bonus.target, currency))),
        ("bonus on it", str(Money(due, currency))),
        ("posted before", str(Money(before, currency))),
    )
    return Entry(
        id=derived_id("commission.entry", fact.id, Kind.BONUS, bonus.name),
        fact_id=fact.id,
        kind=Kind.ADJUSTMENT if before else Kind.BONUS,
        partner_id=fact.partner_id,
        deal_id=None,
        close_number=None,
        amount=due - before,
        revenue=0,
        currency=currency,
        plan_version=version.number,
        rule=bonus.name,
        month=_last_month(period),
        closed_at=None,
        release_at=None,
        reason="bonus_changed" if before else "target_reached",
        derivation=Given(f"bonus {bonus.name} of {period.label}, less what was posted before", figures),
    )


def _reward(fact: RewardsGranted, reward: Reward, period: Period, *, rank: int, partner_id: UUID, measured: int, currency: str) -> Entry:
    figures = (("period", period.label), ("rank", str(rank + 1)), (reward.by.value, str(measured)))
    return Entry(
        id=derived_id("commission.entry", fact.id, Kind.REWARD, partner_id),
        fact_id=fact.id,
        kind=Kind.REWARD,
        partner_id=partner_id,
        deal_id=None,
        close_number=None,
        amount=reward.amounts[min(rank, len(reward.amounts) - 1)],
        revenue=0,
        currency=currency,
        plan_version=fact.plan_version,
        rule=reward.name,
        month=_last_month(period),
        closed_at=None,
        release_at=None,
        reason="came_first",
        derivation=Given(f"reward {reward.name} of {period.label} for rank {rank + 1}", figures),
    )


def _posted(
    fact: PeriodEnded | RewardsGranted, entries: tuple[Entry, ...], streams: tuple[UUID, ...], tallies: tuple[Tally, ...]
) -> Posting:
    """There is no hold: the money is payable at once."""
    transfers = tuple(
        transfer
        for entry in entries
        for transfer in transfers_of(
            entry.id,
            entry_id=entry.id,
            partner_id=entry.partner_id,
            amount=entry.amount,
            source=Account.EXPENSE,
            target=Account.PAYABLE,
            currency=entry.currency,
        )
    )
    return Posting(fact, None, entries, transfers, (), streams, (), tallies)


def _counted(fact: PeriodEnded, period: Period, state: State) -> int:
    return state.tallies.at(fact.partner_id, counted_for(period.label))


def _last_month(period: Period) -> date:
    return last_day(period).replace(day=1)
