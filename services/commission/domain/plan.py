"""The commission plan: immutable versions, each in force from its date until the next."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from uuid import UUID

from services.commission.domain.brackets import Bracket, Mode, Schedule
from services.commission.domain.calendar import Calendar, PeriodKind
from services.commission.domain.incentives import Bonus, Cap, Reward, Spiff
from services.commission.domain.options import Base, EarnedOn, Pays, Refunds, Split
from services.commission.domain.rules import Rule, Select

_UTC_JANUARY = Calendar()


@dataclass(frozen=True, slots=True)
class Assignment:
    """Whom a version rules: these partners, and those of these types."""

    partners: frozenset[UUID] = frozenset()
    types: frozenset[str] = frozenset()


@dataclass(frozen=True)
class PlanVersion:
    """The rules for deals that close from `effective_from` (a day of the programme calendar) on; never edited."""

    number: int
    effective_from: date
    brackets: tuple[Bracket, ...]
    base: Base = Base.CUMULATIVE
    period: PeriodKind = PeriodKind.YEAR
    mode: Mode = Mode.GRADUATED
    split: Split = Split.REVENUE
    hold_days: int = 30
    refunds: Refunds = Refunds.ORIGINAL
    earned_on: EarnedOn = EarnedOn.WON
    pays: Pays = Pays.COMMISSION
    clawback_days: int | None = None
    assigned_to: Assignment | None = None
    select: Select = Select.MOST_SPECIFIC
    rules: tuple[Rule, ...] = ()
    caps: tuple[Cap, ...] = ()
    spiffs: tuple[Spiff, ...] = ()
    bonuses: tuple[Bonus, ...] = ()
    rewards: tuple[Reward, ...] = ()

    @cached_property
    def schedule(self) -> Schedule:
        return Schedule(self.brackets, mode=self.mode)

    @cached_property
    def plain(self) -> bool:
        """Whether brackets alone make a deal's commission: the common case, which is kept fast."""
        extras = self.rules or self.caps or self.spiffs or self.divided_anew
        return not extras and self.pays is not Pays.MARGIN and self.earned_on is EarnedOn.WON

    @property
    def divided_anew(self) -> bool:
        """Whether a refund is figured for all beneficiaries together, and divided among them."""
        return self.refunds is Refunds.RERATE and self.split is Split.COMMISSION

    def rank(self, partner_id: UUID, partner_type: str | None) -> int | None:
        """How closely it is meant for a partner: by name 2, by type 1, for all 0; None when it is for others."""
        whom = self.assigned_to
        if whom is None:
            return 0
        if partner_id in whom.partners:
            return 2
        return 1 if partner_type in whom.types else None


@dataclass(frozen=True, slots=True)
class Plan:
    """All versions, in order of their numbers; `currency` is that of positions and entries."""

    currency: str
    versions: tuple[PlanVersion, ...]
    calendar: Calendar = _UTC_JANUARY

    @property
    def latest(self) -> int:
        """The highest version on record: what a decision made now could know."""
        return self.versions[-1].number if self.versions else 0

    def at(self, instant: datetime, partner_id: UUID, partner_type: str | None = None) -> PlanVersion | None:
        """The version in force for a deal that the partner closed at `instant`."""
        return self.on(self.calendar.day(instant), partner_id, partner_type)

    def on(self, day: date, partner_id: UUID, partner_type: str | None = None) -> PlanVersion | None:
        """The version meant for the partner most closely; of equals, the latest start; of equal starts, the later version."""
        found: PlanVersion | None = None
        best = 0
        for version in self.versions:
            if version.effective_from > day or (rank := version.rank(partner_id, partner_type)) is None:
                continue
            if found is None or (rank, version.effective_from) >= (best, found.effective_from):
                found, best = version, rank
        return found

    def version(self, number: int) -> PlanVersion:
        """The version of that number. They are numbered from 1 without gaps."""
        return self.versions[number - 1]

    def known(self, latest: int) -> "Plan":
        """The plan as it was when `latest` was its highest version (for replay)."""
        return Plan(self.currency, tuple(v for v in self.versions if v.number <= latest), self.calendar)
