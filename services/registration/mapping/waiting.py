"""What a partner is told of its place in line, as published events: in its own words of the customer, and nothing of anybody else."""

from datetime import datetime
from typing import TypedDict
from uuid import UUID

from services.registration.domain.deals.line import Waiting
from shared.schemas.waiting import AccountOffered, AccountOfferWithdrawn, AccountWaitingEnded, WaitingEnd


class _Head(TypedDict):
    waiting_id: UUID
    partner_id: UUID
    account_name: str
    families: tuple[str, ...]
    territory: str
    occurred_at: datetime
    recorded_at: datetime


def _head(one: Waiting, now: datetime) -> _Head:
    return _Head(
        waiting_id=one.id,
        partner_id=one.partner_id,
        account_name=one.account_name,
        families=one.scope.families,
        territory=one.territory,
        occurred_at=now,
        recorded_at=now,
    )


def offered(one: Waiting, *, until: datetime, now: datetime) -> AccountOffered:
    """The account is kept for it."""
    return AccountOffered(**_head(one, now), offered_until=until)


def withdrawn(one: Waiting, *, now: datetime) -> AccountOfferWithdrawn:
    """The account is not kept for it any more, and it waits on."""
    return AccountOfferWithdrawn(**_head(one, now))


def ended(
    one: Waiting, reason: WaitingEnd, *, now: datetime, deal_id: UUID | None = None, continued_by: UUID | None = None
) -> AccountWaitingEnded:
    """Its place is over."""
    return AccountWaitingEnded(**_head(one, now), reason=reason, deal_id=deal_id, continued_by=continued_by)
