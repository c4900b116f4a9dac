"""Submitted, in review, returned, approved, rejected: the way to protection where the programme does not approve by itself."""

from dataclasses import dataclass
from datetime import datetime

from services.registration.domain import refusals as no
from services.registration.domain.deals.deal import Deal
from services.registration.domain.deals.facts import Registered, Rejected, Returned, Submitted
from services.registration.domain.deals.protection import Protection, Scope, Window
from services.registration.domain.values import State
from shared.chassis.money import Money
from shared.chassis.values import replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What a partner may change of a registration that was returned to it."""

    scope: Scope
    territory: str
    evidence: str | None
    expected: Money | None


def submit(deal: Deal, *, blocks_until: datetime, now: datetime) -> tuple[Deal, Submitted]:
    """Put a new deal up for review: rivals are kept out from its receipt until `blocks_until`."""
    pending = replace(deal, state=State.IN_REVIEW, protection=Protection(Window(deal.registered_at, blocks_until)))
    return pending, Submitted(now, blocks_until)


def send_back(deal: Deal, *, asked: str, now: datetime) -> tuple[Deal, Returned]:
    """Ask the partner for something. Raises NotInReview."""
    _check_in_review(deal)
    return replace(deal, state=State.RETURNED, version=deal.version + 1), Returned(now, asked)


def resubmit(deal: Deal, correction: Correction, *, most: int, blocks_until: datetime, free: bool, now: datetime) -> tuple[Deal, Submitted]:
    """Back to review, corrected. What kept rivals out goes on; once that is over, it begins anew if the account is `free`.

    Answering does not prolong it: returning and resubmitting in turn would hold an account for ever.
    Raises NotReturned, ResubmissionsUsed, AccountTaken.
    """
    if deal.state is not State.RETURNED:
        raise no.NotReturned(state=deal.state)
    if deal.submissions > most:
        raise no.ResubmissionsUsed(times=most)
    if not free:
        raise no.AccountTaken
    protection = deal.protection if deal.protection.holds_at(now) else Protection(Window(now, blocks_until))
    corrected = replace(
        deal,
        state=State.IN_REVIEW,
        scope=correction.scope,
        territory=correction.territory,
        evidence=correction.evidence,
        expected=correction.expected,
        protection=protection,
        submissions=deal.submissions + 1,
        version=deal.version + 1,
    )
    return corrected, Submitted(now, protection.window.end)


def approve(deal: Deal, *, until: datetime, free: bool, now: datetime) -> tuple[Deal, Registered]:
    """Protect it until `until`. Raises NotInReview; TakenMeanwhile if the review took so long that somebody else came (not `free`)."""
    _check_in_review(deal)
    if not free:
        raise no.TakenMeanwhile
    since = deal.protection.window.start if deal.protection.holds_at(now) else min(now, until)
    protection = Protection(Window(since, until))
    approved = replace(deal, state=State.OPEN, protection=protection, stage_at=now, version=deal.version + 1)
    return approved, Registered(deal.registered_at)


def reject(deal: Deal, *, reason: str, now: datetime) -> tuple[Deal, Rejected]:
    """Not protected; the account is free from `now` on. Raises NotInReview."""
    if not deal.state.is_pending:
        raise no.NotInReview(state=deal.state)
    return replace(deal, state=State.REJECTED, protection=deal.protection.end(now), version=deal.version + 1), Rejected(now, reason)


def _check_in_review(deal: Deal) -> None:
    if deal.state is not State.IN_REVIEW:
        raise no.NotInReview(state=deal.state)
