"""The life of a deal: open, closed as won or lost, reopened, withdrawn; and the exclusivity beside it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.registration.domain import refusals as no
from services.registration.domain.deals.facts import (
    Amended,
    Closed,
    Refund,
    Refunded,
    Registered,
    Reopened,
    Withdrawn,
)
from services.registration.domain.deals.protection import Protection, Scope, Window
from services.registration.domain.deals.refunds import Wanted, covers, settle
from services.registration.domain.values import Credit, CreditAfterExpiry, DealId, Outcome, PartnerId, State, Terms
from shared.chassis.money import Money
from shared.chassis.values import Value, replace


class Origin(Value, frozen=True):
    """The record in a sales system that the deal follows; `changed_at` is when that last changed there, where known.

    `version` is its newest version there, where it counts them, and `digest` the content that this version had.
    """

    source: str
    external_id: str
    changed_at: datetime | None = None
    version: int | None = None
    digest: str | None = None


class Deal(Value, frozen=True, kw_only=True):
    """One registered deal. `version` counts its facts from 1; `close_number` its closes; `revision` the amendments of the last close.

    `stage` is what the partner said last of its sale; `stage_at` is when it last spoke of the deal, or could first do so: its silence
    counts from there. `submissions` counts how often it was put up for review; `warned` tells that the end of its protection was announced.
    What was decided about it: `reassigned_from` had it before, `credits_fixed` are credited whatever its terms say.
    """

    id: DealId
    partner_id: PartnerId
    account_name: str
    scope: Scope
    territory: str
    country: str | None
    registered_at: datetime
    protection: Protection
    state: State = State.OPEN
    version: int = 1
    close_number: int = 0
    revision: int = 0
    terms: Terms | None = None
    refunds: tuple[Refund, ...] = ()
    expected: Money | None = None
    origin: Origin | None = None
    conflict: bool = False
    evidence: str | None = None
    stage: str | None = None
    stage_at: datetime | None = None
    submissions: int = 1
    warned: bool = False
    reassigned_from: PartnerId | None = None
    credits_fixed: tuple[Credit, ...] = ()
    lead_id: UUID | None = None

    @property
    def is_closed(self) -> bool:
        return self.state in (State.WON, State.LOST)

    def closed_terms(self) -> Terms:
        """The terms of a closed deal; an open one has none, and asking for them is a bug."""
        if self.terms is None:
            raise ValueError(f"deal {self.id} is {self.state}")
        return self.terms

    def won_terms(self) -> Terms:
        """The terms of the last close. Raises NotWon."""
        if self.state is not State.WON or self.terms is None:
            raise no.NotWon(state=self.state)
        return self.terms


@dataclass(frozen=True, slots=True)
class CreditRule:
    """How a win after the end of protection is credited; `rival_holds` at the instant of the close."""

    policy: CreditAfterExpiry
    rival_holds: bool


def register(deal: Deal) -> tuple[Deal, Registered]:
    """A deal that has been found free (or is history) enters the record."""
    return deal, Registered(deal.registered_at)


def close(deal: Deal, *, outcome: Outcome, terms: Terms, now: datetime, credit: CreditRule | None) -> tuple[Deal, Closed]:
    """Win or lose an open deal. Without `credit` (history, or a decision of staff) the credit stands as the terms say.

    Raises AlreadyClosed, NotOpen, CloseBeforeRegistration, CloseInFuture, CreditHeldByRival, CreditExpired, CreditUnderReview.
    """
    if deal.is_closed:
        raise no.AlreadyClosed
    if deal.state is not State.OPEN:
        raise no.NotOpen(state=deal.state)
    _check_close_date(deal, terms, now=now)
    terms.check()
    protected = deal.protection.holds_at(terms.closed_at)
    if outcome is Outcome.WON and not protected and credit is not None:
        _check_credit(credit)
    closed = replace(
        deal,
        state=State(outcome.value),
        terms=terms,
        close_number=deal.close_number + 1,
        revision=0,
        refunds=(),
        protection=deal.protection.end(terms.closed_at),
        version=deal.version + 1,
    )
    return closed, Closed(terms.closed_at, outcome, protected)


def _check_close_date(deal: Deal, terms: Terms, *, now: datetime) -> None:
    if terms.closed_at < deal.registered_at:
        raise no.CloseBeforeRegistration
    if terms.closed_at > now:
        raise no.CloseInFuture


def _check_credit(credit: CreditRule) -> None:
    if credit.policy is CreditAfterExpiry.NEVER:
        raise no.CreditExpired
    if credit.policy is CreditAfterExpiry.REVIEW:
        raise no.CreditUnderReview
    if credit.rival_holds:
        raise no.CreditHeldByRival


def amend(deal: Deal, *, terms: Terms, reason: str, now: datetime) -> tuple[Deal, Amended]:
    """Replace the terms of a won deal, whole. Raises NotWon, AmendBelowRefunds and what Terms.check raises."""
    deal.won_terms()
    _check_close_date(deal, terms, now=now)
    terms.check()
    currencies = {refund.amount.currency for refund in deal.refunds}
    if not covers(terms, deal.refunds) or currencies - {terms.amount.currency}:
        raise no.AmendBelowRefunds
    return replace(deal, terms=terms, revision=deal.revision + 1, version=deal.version + 1), Amended(now, reason)


def reopen(deal: Deal, *, reason: str, now: datetime, free: bool) -> tuple[Deal, Reopened]:
    """Undo the last close. What is left of the window protects again if nobody took the account meanwhile (`free`)."""
    if not deal.is_closed:
        raise no.NotClosed(state=deal.state)
    protection = deal.protection
    if free and protection.granted and not protection.expired and now < protection.window.end:
        protection = protection.resume(now)
    reopened = replace(deal, state=State.OPEN, terms=None, refunds=(), protection=protection, stage_at=now, version=deal.version + 1)
    return reopened, Reopened(now, reason, deal.close_number)


def withdraw(deal: Deal, *, reason: str, now: datetime) -> tuple[Deal, Withdrawn]:
    """Take a registration back that is open or not decided yet; the account is free from `now` on. Raises NotOpen."""
    if not deal.state.takes_a_place:
        raise no.NotOpen(state=deal.state)
    protection = deal.protection.end(now)
    return replace(deal, state=State.WITHDRAWN, protection=protection, version=deal.version + 1), Withdrawn(now, reason)


def refund(deal: Deal, *, refund_id: UUID, wanted: Wanted, reason: str | None, now: datetime) -> tuple[Deal, Refunded]:
    """Give money back to the customer. Raises NotWon, RefundKnown, RefundInvalid, RefundExceedsSale."""
    terms = deal.won_terms()
    if any(known.refund_id == refund_id for known in deal.refunds):
        raise no.RefundKnown
    amount, parts = settle(terms, deal.refunds, wanted)
    made = Refund(refund_id, amount, parts, now, reason)
    return replace(deal, refunds=(*deal.refunds, made), version=deal.version + 1), Refunded(now, made)


def protected_window(start: datetime, *, days: timedelta, granted: bool) -> Protection:
    """A fresh exclusivity from `start` on; an empty window where none is granted."""
    return Protection(Window(start, start + days if granted else start), granted=granted)
