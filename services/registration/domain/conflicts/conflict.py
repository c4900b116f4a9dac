"""A conflict over deals: its sides, the six steps that it goes through in order, and until when each of them is due."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from services.registration.domain.conflicts.refusals import ConflictClosed, ConflictDecided, StepOutOfOrder
from services.registration.domain.deals.business_hours import BusinessHours
from services.registration.domain.values import AccountId, Credit, DealId, PartnerId
from shared.chassis.ids import derived_id
from shared.chassis.values import replace


class Kind(StrEnum):
    """What the conflict is about."""

    OVERLAP = "overlap"
    PROBABLE_DUPLICATE = "probable_duplicate"
    TERRITORY_BREACH = "territory_breach"
    DIRECT_SALES = "direct_sales"


class ConflictStep(StrEnum):
    """The six steps, in their order."""

    IDENTIFY = "identify"
    INVESTIGATE = "investigate"
    MEDIATE = "mediate"
    DECIDE = "decide"
    COMMUNICATE = "communicate"
    PREVENT = "prevent"


STEPS = tuple(ConflictStep)


class ConflictState(StrEnum):
    """Open until the decision, closed after the last step."""

    OPEN = "open"
    DECIDED = "decided"
    CLOSED = "closed"


class ConflictOutcome(StrEnum):
    """What a decision does. `reassign` and `split` change who is credited where the deal is won already."""

    UPHOLD = "uphold"
    REASSIGN = "reassign"
    SPLIT = "split"
    END_PROTECTION = "end_protection"


class Effect(StrEnum):
    """What a decision means for one side."""

    UNCHANGED = "unchanged"
    DEAL_GAINED = "deal_gained"
    DEAL_LOST = "deal_lost"
    CREDIT_GAINED = "credit_gained"
    CREDIT_LOST = "credit_lost"
    CREDIT_SHARED = "credit_shared"
    PROTECTION_ENDED = "protection_ended"


@dataclass(frozen=True, slots=True)
class Limits:
    """How many business days each step may take; a business day is `day` of the open `hours`."""

    days: Mapping[ConflictStep, int]
    hours: BusinessHours
    day: timedelta

    def due(self, step: ConflictStep, *, since: datetime) -> datetime:
        """When a step that can be done since then is due. Raises HoursInvalid beyond twenty years."""
        return self.hours.add(since, self.days[step] * self.day)


@dataclass(frozen=True, slots=True)
class Clause:
    """Where the policy says it: a version of the section and a path in it, such as `registration.credit_after_expiry`."""

    policy_version: int
    path: str


@dataclass(frozen=True, slots=True)
class Said:
    """Words of somebody, and when."""

    text: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A decision. `deal_id` is what it is about, `to` who gets the deal, `credits` who is credited; `uphold` has none of them."""

    outcome: ConflictOutcome
    clause: Clause
    said: Said
    deal_id: DealId | None = None
    to: PartnerId | None = None
    credits: tuple[Credit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """`step` is the one that is to be done next, by `step_due_at`; `escalated_at` is set once that passed. `version` counts changes."""

    id: UUID
    kind: Kind
    account_id: AccountId
    by_rule: bool
    opened: Said
    step: ConflictStep
    step_due_at: datetime
    owner: str
    escalated_at: datetime | None = None
    state: ConflictState = ConflictState.OPEN
    ruling: Ruling | None = None
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One partner, or (without) the vendor's own sales, with its deals. `version` counts what it was told, from 1."""

    id: UUID
    conflict_id: UUID
    partner_id: PartnerId | None
    deal_ids: tuple[DealId, ...]
    account_name: str
    effect: Effect | None = None
    share: Fraction | None = None
    version: int = 1


def fingerprint(kind: Kind, deal_ids: Iterable[DealId]) -> UUID:
    """The same for the same kind and set of deals: a rule that finds them again opens nothing."""
    return derived_id("conflict", kind.value, *sorted(str(deal_id) for deal_id in deal_ids))


def side_id(conflict_id: UUID, partner_id: PartnerId | None) -> UUID:
    """A side's id. It is derived, since an id that sorts by time would tell a rival to the millisecond when somebody came."""
    return derived_id("conflict side", conflict_id, partner_id or "direct sales")


def complete(conflict: Conflict, step: ConflictStep, *, limits: Limits, now: datetime) -> Conflict:
    """One step is done, and the next is due. Raises ConflictClosed, ConflictDecided, StepOutOfOrder."""
    if conflict.state is ConflictState.CLOSED:
        raise ConflictClosed
    if step is ConflictStep.DECIDE and conflict.ruling is not None:
        raise ConflictDecided
    if step is not conflict.step:
        raise StepOutOfOrder(step=conflict.step.value)
    if step is ConflictStep.PREVENT:
        return replace(conflict, state=ConflictState.CLOSED, version=conflict.version + 1)
    following = STEPS[STEPS.index(step) + 1]
    due = limits.due(following, since=now)
    return replace(conflict, step=following, step_due_at=due, escalated_at=None, version=conflict.version + 1)


def decide(conflict: Conflict, ruling: Ruling, *, limits: Limits) -> Conflict:
    """The decision stands from now on. Raises what `complete` raises."""
    done = complete(conflict, ConflictStep.DECIDE, limits=limits, now=ruling.said.at)
    return replace(done, state=ConflictState.DECIDED, ruling=ruling)


def check_open(conflict: Conflict) -> None:
    """Raises ConflictClosed or ConflictDecided: what is decided gathers no more sides and evidence."""
    if conflict.state is ConflictState.CLOSED:
        raise ConflictClosed
    if conflict.state is ConflictState.DECIDED:
        raise ConflictDecided


def escalate(conflict: Conflict, *, owner: str, now: datetime) -> Conflict:
    """The step is late: somebody higher up owns the conflict from now on."""
    return replace(conflict, owner=owner, escalated_at=now, version=conflict.version + 1)


def is_late(conflict: Conflict, *, now: datetime) -> bool:
    """Whether its step is overdue and nobody was told yet."""
    return conflict.state is not ConflictState.CLOSED and conflict.escalated_at is None and conflict.step_due_at <= now


def told(side: Side) -> Side:
    """The side after it was told one thing more."""
    return replace(side, version=side.version + 1)


def affected(side: Side, ruling: Ruling, *, won: bool, registrant: PartnerId | None) -> Side:
    """The side with what the decision means for it; `registrant` had the deal before, `won` tells that it was closed already."""
    effect, share = _effect(side, ruling, won=won, registrant=registrant)
    return replace(side, effect=effect, share=share, version=side.version + 1)


def _effect(side: Side, ruling: Ruling, *, won: bool, registrant: PartnerId | None) -> tuple[Effect, Fraction | None]:
    mine = side.partner_id is not None and side.partner_id == registrant
    match ruling.outcome:
        case ConflictOutcome.REASSIGN if side.partner_id is not None and side.partner_id == ruling.to:
            return (Effect.CREDIT_GAINED if won else Effect.DEAL_GAINED), None
        case ConflictOutcome.REASSIGN if mine:
            return (Effect.CREDIT_LOST if won else Effect.DEAL_LOST), None
        case ConflictOutcome.SPLIT:
            share = next((credit.share for credit in ruling.credits if credit.partner_id == side.partner_id), None)
            if share is not None:
                return Effect.CREDIT_SHARED, share
            return (Effect.CREDIT_LOST if mine else Effect.UNCHANGED), None
        case ConflictOutcome.END_PROTECTION if mine:
            return Effect.PROTECTION_ENDED, None
        case _:
            return Effect.UNCHANGED, None
