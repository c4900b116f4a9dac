"""An opportunity of the vendor's sales system, and how the deal that follows it moves when it changes there."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from services.registration.domain.accounts.identifiers import Customer
from services.registration.domain.conflicts.decisions import as_told
from services.registration.domain.deals import deal as life
from services.registration.domain.deals.deal import CreditRule, Deal
from services.registration.domain.deals.facts import Fact
from services.registration.domain.refusals import ClosedAtMissing
from services.registration.domain.values import Outcome, PartnerId, State, Terms
from shared.chassis.values import Value, replace

CHANGED = "changed in the sales system"


class Stage(StrEnum):
    """Where the opportunity stands there."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class OwnerChange(StrEnum):
    """What becomes of an open deal whose opportunity names another partner: a person decides, or the deal follows it (a policy)."""

    REVIEW = "review"
    FOLLOW = "follow"


class Exclusivity(StrEnum):
    """How overlaps in a history are taken: `record` keeps the credit as history says, `enforce` applies the rules."""

    RECORD = "record"
    ENFORCE = "enforce"


class Opportunity(Value, frozen=True, kw_only=True):
    """The state of one opportunity. `terms` are there once it is closed; `split_given`: they name who is credited.

    `version` counts its states in the source, where that counts; `origin` says who made the change (see `echo`).
    """

    source: str
    external_id: str
    partner_id: PartnerId
    customer: Customer
    families: tuple[str, ...]
    territory: str | None
    engaged_at: datetime
    stage: Stage
    terms: Terms | None
    changed_at: datetime | None
    version: int | None = None
    origin: str | None = None
    split_given: bool = True

    def closing(self) -> Terms:
        """The terms of its close. Raises ClosedAtMissing."""
        if self.terms is None:
            raise ClosedAtMissing
        return self.terms


CreditOf = Callable[[Deal, Terms], CreditRule | None]


def follow(
    deal: Deal, seen: Opportunity, *, now: datetime, credit: CreditOf, free: Callable[[Deal], bool]
) -> tuple[Deal, tuple[tuple[Deal, Fact], ...]]:
    """Bring `deal` to where the opportunity is. Returns it and each step on the way; no step means that nothing changed.

    Raises ClosedAtMissing and the refusals of the steps.
    """
    if seen.terms:
        seen = replace(seen, terms=as_told(deal, seen.terms))
    steps: list[tuple[Deal, Fact]] = []
    for step in _path(deal, seen):
        deal, fact = step(deal, seen, now, credit, free)
        steps.append((deal, fact))
    return deal, tuple(steps)


_Step = Callable[[Deal, Opportunity, datetime, CreditOf, Callable[[Deal], bool]], tuple[Deal, Fact]]


def _path(deal: Deal, seen: Opportunity) -> tuple[_Step, ...]:
    """Which steps lead from the deal's state to the opportunity's stage."""
    if seen.stage is Stage.OPEN:
        return (_reopen,) if deal.is_closed else ()
    if not deal.is_closed:
        return (_close,)
    if deal.state.value != seen.stage.value:
        return (_reopen, _close)
    return (_amend,) if deal.state is State.WON and deal.terms != seen.closing() else ()


def _reopen(deal: Deal, _: Opportunity, now: datetime, __: CreditOf, free: Callable[[Deal], bool]) -> tuple[Deal, Fact]:
    return life.reopen(deal, reason=CHANGED, now=now, free=free(deal))


def _close(deal: Deal, seen: Opportunity, now: datetime, credit: CreditOf, _: Callable[[Deal], bool]) -> tuple[Deal, Fact]:
    terms = seen.closing()
    return life.close(deal, outcome=Outcome(seen.stage.value), terms=terms, now=now, credit=credit(deal, terms))


def _amend(deal: Deal, seen: Opportunity, now: datetime, _: CreditOf, __: Callable[[Deal], bool]) -> tuple[Deal, Fact]:
    return life.amend(deal, terms=seen.closing(), reason=CHANGED, now=now)
