"""Whether an opportunity's state is news: its version in the source decides, without one the time, without either its arrival."""

import hashlib
from datetime import UTC, datetime
from enum import StrEnum

from services.registration.domain.deals.deal import Origin
from services.registration.domain.intake.opportunity import Opportunity
from services.registration.domain.intake.refusals import OpportunityConflict
from shared.chassis.values import replace


class News(StrEnum):
    """What a state is to what is known: newer, older, the same again, or our own change coming back."""

    FRESH = "fresh"
    STALE = "stale"
    REPEAT = "repeat"
    ECHO = "echo"

    @property
    def is_current(self) -> bool:
        """Whether the opportunity now stands as the newest state says."""
        return self is not News.STALE


def judge(known: Origin, seen: Opportunity) -> News:
    """Compare `seen` with what is known of its opportunity. Raises OpportunityConflict for another content under the known version.

    Times alone cannot tell a repeat from a change within their resolution: at the same time the later arrival counts.
    """
    if known.version is not None and seen.version is not None:
        if seen.version != known.version:
            return News.FRESH if seen.version > known.version else News.STALE
        if digest(seen) != known.digest:
            raise OpportunityConflict(version=seen.version)
        return News.REPEAT
    if known.changed_at is not None and seen.changed_at is not None and seen.changed_at < known.changed_at:
        return News.STALE
    return News.FRESH


def noted(known: Origin, seen: Opportunity) -> Origin:
    """What is known once `seen` was taken in. A state without a version leaves the newest version standing, with its content."""
    known = replace(known, changed_at=seen.changed_at or known.changed_at)
    return known if seen.version is None else replace(known, version=seen.version, digest=digest(seen))


def origin_of(seen: Opportunity) -> Origin:
    """What is known of an opportunity that is seen for the first time."""
    return noted(Origin(seen.source, seen.external_id), seen)


def digest(seen: Opportunity) -> str:
    """The content that a version stands for, however it was written down; neither its version nor when it came."""
    customer = seen.customer
    parts = (
        seen.partner_id.hex,
        (customer.name, customer.domain, customer.country, customer.tax_id, customer.crm_ids),
        (seen.families, seen.territory, _instant(seen.engaged_at), seen.stage.value),
        _terms(seen),
    )
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def _terms(seen: Opportunity) -> object:
    if (terms := seen.terms) is None:
        return None
    lines = [(line.product, line.family, line.quantity, line.amount_minor) for line in terms.lines]
    credits_ = [(credit.partner_id.hex, str(credit.share)) for credit in terms.credits]
    return _instant(terms.closed_at), terms.amount.minor, terms.amount.currency, lines, credits_


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
