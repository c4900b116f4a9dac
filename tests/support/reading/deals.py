"""One deal, folded from its facts."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from shared.schemas import conflicts, deals, reviews
from shared.schemas.base import MoneyAmount

Registration: TypeAlias = deals.DealRegistered | reviews.DealSubmitted | conflicts.DealReassigned


@dataclass(frozen=True)
class Terms:
    """What a deal was closed with."""

    closed_at: datetime
    amount: MoneyAmount
    lines: tuple[deals.DealLine, ...]
    credits: tuple[deals.Credit, ...]
    overlays: tuple[deals.Credit, ...]
    attributes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Window:
    """Exclusivity: `[since, until)`, unless it `ended` before; `is_over` once that was told."""

    granted: bool
    since: datetime
    until: datetime
    ended: datetime | None = None
    is_over: bool = False


@dataclass(frozen=True)
class Read:
    """A deal as its facts tell it. `account` is that of its first fact: where it went since is told by the facts of accounts, and by
    those of leads which `lead` it came of.

    `asked` is the extension that waits: where protection ends without it, and until when it is kept undecided.
    """

    partner: UUID
    account: UUID
    families: tuple[str, ...]
    territory: str
    country: str | None
    registered_at: datetime
    window: Window
    state: str
    version: int = 1
    close_number: int = 0
    revision: int = 0
    terms: Terms | None = None
    refunds: tuple[tuple[UUID, MoneyAmount, tuple[deals.RefundLine, ...], str | None, datetime], ...] = ()
    expected: MoneyAmount | None = None
    stage: str | None = None
    submissions: int = 1
    extensions: int = 0
    asked: tuple[datetime, datetime] | None = None
    lead: UUID | None = None


def fold(deal: Read | None, fact: deals.DealFact) -> Read:
    """The deal after its next fact."""
    if deal is None:
        assert isinstance(fact, deals.DealRegistered | reviews.DealSubmitted), fact
        return _scoped(_blank(fact), fact)
    if isinstance(fact, Registration):
        return _next(_scoped(deal, fact))
    return _next(_protection(deal, fact) or _closing(deal, fact))


def _next(deal: Read) -> Read:
    return replace(deal, version=deal.version + 1)


def _blank(fact: deals.DealRegistered | reviews.DealSubmitted) -> Read:
    at = fact.registered_at
    return Read(fact.partner_id, fact.account_id, fact.families, fact.territory, fact.country, at, Window(True, at, at), "")


def _scoped(deal: Read, fact: Registration) -> Read:
    """What every fact tells that says what a deal is about."""
    now = replace(deal, partner=fact.partner_id, families=fact.families, territory=fact.territory, registered_at=fact.registered_at)
    match fact:
        case reviews.DealSubmitted():
            return replace(now, state="in_review", expected=fact.expected, submissions=fact.submission, window=_blocking(deal, fact))
        case deals.DealRegistered():
            window = Window(fact.protected, fact.protected_from, fact.protected_until)
            return replace(now, state="open", expected=fact.expected, window=window)
        case conflicts.DealReassigned():
            window = replace(deal.window, since=fact.protected_from, until=fact.protected_until)
            return replace(now, expected=None, stage=None, asked=None, window=window)


def _blocking(deal: Read, fact: reviews.DealSubmitted) -> Window:
    """What keeps rivals out goes on while it lasts; else it began with the submission, the first with the registration."""
    goes_on = fact.submission == 1 or deal.window.until > fact.occurred_at
    return Window(True, deal.window.since if goes_on else fact.occurred_at, fact.blocks_until)


def _protection(deal: Read, fact: deals.DealFact) -> Read | None:
    """How exclusivity goes on and ends; None where the fact is about something else."""
    window = deal.window
    match fact:
        case reviews.DealExtensionRequested():
            asked = (window.until, fact.protected_until)
            return replace(deal, window=replace(window, until=fact.protected_until), asked=asked)
        case reviews.DealExtensionDeclined():
            return replace(deal, window=replace(window, until=fact.protected_until), asked=None)
        case deals.DealExtended():
            return replace(deal, window=replace(window, until=fact.protected_until), asked=None, extensions=deal.extensions + 1)
        case reviews.DealStageChanged():
            return replace(deal, window=replace(window, until=fact.protected_until), stage=fact.stage)
        case reviews.DealExpiring():
            return deal
        case deals.DealExpired(because="merged", expired_at=at) | conflicts.DealProtectionEnded(ended_at=at):
            return replace(deal, window=replace(window, ended=at, is_over=True), asked=None)
        case deals.DealExpired(expired_at=at):
            return replace(deal, window=replace(window, until=at, is_over=True), asked=None)
        case _:
            return None


def _closing(deal: Read, fact: deals.DealFact) -> Read:
    """Decided, closed, corrected, undone."""
    match fact:
        case reviews.DealReturned():
            return replace(deal, state="returned")
        case reviews.DealRejected():
            return replace(deal, state="rejected", window=replace(deal.window, ended=fact.occurred_at))
        case deals.DealWithdrawn():
            return replace(deal, state="withdrawn", window=replace(deal.window, ended=fact.occurred_at), asked=None)
        case deals.DealClosed():
            closed = replace(deal, state=fact.outcome.value, close_number=fact.close_number, revision=0, refunds=(), asked=None)
            return replace(closed, terms=_terms(fact), window=replace(_unasked(deal), ended=fact.closed_at))
        case deals.DealAmended():
            return replace(deal, terms=_terms(fact), revision=fact.revision)
        case deals.DealReopened():
            return replace(deal, state="open", terms=None, refunds=(), window=_resumed(deal.window, fact))
        case deals.DealRefunded():
            made = (fact.refund_id, fact.amount, fact.lines, fact.reason, fact.occurred_at)
            return replace(deal, refunds=(*deal.refunds, made))
        case _:
            raise AssertionError(fact)


def _unasked(deal: Read) -> Window:
    """A request that nobody decided is over with the close, and so is what it kept."""
    if deal.asked is None or deal.window.until > deal.asked[1]:
        return deal.window
    return replace(deal.window, until=deal.asked[0])


def _resumed(window: Window, fact: deals.DealReopened) -> Window:
    assert fact.protected is not None
    assert fact.protected_from
    assert fact.protected_until
    now = replace(window, since=fact.protected_from, until=fact.protected_until)
    return replace(now, ended=None) if fact.protected else now


def _terms(fact: deals.DealTerms) -> Terms:
    return Terms(fact.closed_at, fact.amount, fact.lines, fact.credits, fact.overlays, tuple(sorted(fact.attributes.items())))
