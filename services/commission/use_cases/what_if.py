"""Real history under another plan: what each partner would have earned. Reads only; the books are never touched."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from services.commission.domain.book import Book, Outcome, Rejected
from services.commission.domain.calendar import Period, PeriodKind
from services.commission.domain.due import Types, ended, grants
from services.commission.domain.facts import AnyFact, Rate
from services.commission.domain.options import Base
from services.commission.domain.outcome import Posting
from services.commission.domain.plan import Plan
from services.commission.domain.refusals import PlanCurrencyFixed
from services.commission.domain.what_if import Cliff, Hypothetical, WhatIf, cliffs, compared, hypothetical
from services.commission.plan_document import PlanDocument
from services.commission.store.history import snapshot_of
from shared.chassis.errors import Refused

BonusTypes = Mapping[tuple[UUID, PeriodKind, date], str | None]


class PlanBeginsLater(Refused):
    code = "plan_begins_later"
    status = 422
    sentence = "The plan has no version that is in force on {since}; its first begins on {first}."


async def what_if(url: str, document: PlanDocument, *, since: date, as_of: datetime) -> WhatIf:
    """Deals closed from the day `since` on (programme calendar) under the document's plan, beside what stands in the books.

    Periods that ended by `as_of` get the plan's bonuses and rewards. Raises PlanBeginsLater or PlanCurrencyFixed.
    """
    async with snapshot_of(url) as history:
        plan, other = await history.plan(), document.plan()
        _check(plan, other, since)
        rates, types = await history.rates(), await history.types_of_bonuses()
        trial = _Trial(hypothetical(plan, other, since), start=_midnight(since, plan), as_of=as_of, rates=rates, types=types)
        old, revenue = await history.earned(trial.start, since.replace(day=1))
        async for facts in history.groups(whole=trial.budgeted):
            trial.take(facts)
        trial.reward()
    return WhatIf(
        currency=plan.currency,
        since=since,
        changes=compared(old, trial.earned, revenue),
        cliffs=tuple(trial.cliffs()),
        unrated=tuple(sorted(trial.unrated.items())),
        facts=trial.facts,
    )


def _check(plan: Plan, other: Plan, since: date) -> None:
    if (other.currency, other.calendar) != (plan.currency, plan.calendar):
        raise PlanCurrencyFixed(currency=plan.currency)
    first = min(version.effective_from for version in other.versions)
    if first > since:
        raise PlanBeginsLater(since=since, first=first)


def _midnight(day: date, plan: Plan) -> datetime:
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(plan.calendar.timezone)).astimezone(UTC)


class _Trial:
    """Works facts under one plan and keeps what they earn, group by group of partners; deals are forgotten with their group."""

    def __init__(self, plan: Hypothetical, *, start: datetime, as_of: datetime, rates: list[Rate], types: BonusTypes) -> None:
        self.plan = plan
        self.start = start
        self.earned: dict[UUID, int] = defaultdict(int)
        self.unrated: Counter[str] = Counter()
        self.facts = 0
        self._as_of, self._rates = as_of, rates
        self._types, self._bonus_types = Types(plan.calendar), types
        self._reached: dict[int, list[int]] = defaultdict(list)
        self._rewarded = any(version.rewards for version in plan.versions)
        self._months: dict[tuple[UUID, date], int] = {}
        self._won: Counter[tuple[UUID, date]] = Counter()

    @property
    def budgeted(self) -> bool:
        """Whether a SPIFF's budget ties all partners together."""
        return any(spiff.budget is not None for version in self.plan.versions for spiff in version.spiffs)

    def take(self, facts: Iterable[AnyFact]) -> None:
        """All facts of some partners, in posting order, and then the bonuses of their periods."""
        book = Book(self.plan, rates=self._rates)
        for fact in facts:
            self.facts += 1
            self._types.tell(fact)
            self._count(book.take(fact))
        for decision in ended(self.plan, book.positions.months, self._as_of, self._type_of_bonus):
            self._count(book.take(decision))
        self._note(book)

    def _type_of_bonus(self, partner_id: UUID, period: Period) -> str | None:
        """The type by which the bonus of that period was given; where none was, the one told last, as if it were decided today."""
        key = partner_id, period.kind, period.start
        return self._bonus_types[key] if key in self._bonus_types else self._types.at(partner_id, period)

    def reward(self) -> None:
        """Grant the rewards, once everybody's revenue is known."""
        book = Book(self.plan)
        for decision in grants(self.plan, self._months, self._deals, self._as_of, self._types.at):
            self._count(book.take(decision))

    def _count(self, outcome: Outcome) -> None:
        if not isinstance(outcome, Posting):
            self.unrated[outcome.refusal.code if isinstance(outcome, Rejected) else outcome.reason] += 1
            return
        for entry in outcome.entries:
            if entry.closed_at >= self.start if entry.closed_at else entry.month >= self.plan.since.replace(day=1):
                self.earned[entry.partner_id] += entry.amount

    def _note(self, book: Book) -> None:
        """Remember how far positions came, for the cliffs, and what rewards go by."""
        for version in self.plan.versions:
            reached: dict[tuple[UUID, str], int] = defaultdict(int)
            for (partner_id, month), revenue in book.positions.months.items():
                period = self.plan.calendar.period(version.period, month)
                if period.end > self.plan.since:
                    reached[partner_id, period.label] += revenue
            self._reached[version.number] += reached.values()
        if self._rewarded:
            self._months |= book.positions.months
            self._won.update((deal.partner_id, deal.sale.month) for deal in book.deals.values() if deal.sale)

    def _deals(self, period: Period) -> Mapping[UUID, int]:
        """Deals won in a period, by registrant."""
        found: Counter[UUID] = Counter()
        for (partner_id, month), count in self._won.items():
            if period.start <= month < period.end:
                found[partner_id] += count
        return found

    def cliffs(self) -> Iterator[Cliff]:
        """Those of the new plan's versions."""
        for version in self.plan.versions:
            if version.number > self.plan.recorded and version.effective_from != date.max:
                yield from cliffs(version, positions=[] if version.base is Base.DEAL else self._reached[version.number])
