"""Facts about the waiting list, owned by the service `registration`."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from shared.schemas.base import Event


class WaitingEnd(StrEnum):
    """Why a place in line is over.

    The partner `accepted` the offer, let it lapse (`offer_lapsed`), gave its place up (`left`), or has the account by another way
    (`registered`); it stood twice in the line of a customer that was on record under two names (`account_merged`); or it may not work
    any more (`partner_suspended`, `partnership_ended`). None of them tells of who holds the account.
    """

    ACCEPTED = "accepted"
    OFFER_LAPSED = "offer_lapsed"
    LEFT = "left"
    REGISTERED = "registered"
    ACCOUNT_MERGED = "account_merged"
    PARTNER_SUSPENDED = "partner_suspended"
    PARTNERSHIP_ENDED = "partnership_ended"


class WaitingFact(Event):
    """Something that happens to a partner's place in the line of an account, which is called as that partner called it."""

    subject_field: ClassVar[str] = "waiting_id"
    waiting_id: UUID
    partner_id: UUID
    account_name: str
    families: tuple[str, ...]
    territory: str


class AccountOffered(WaitingFact):
    """An account that a partner waited for is free, and kept for it until `offered_until`."""

    topic: ClassVar[str] = "account.offered"
    offered_until: AwareDatetime


class AccountOfferWithdrawn(WaitingFact):
    """What was offered is not to be had after all, as the customer was on record under two names: the place stands where it stood."""

    topic: ClassVar[str] = "account.offer_withdrawn"


class AccountWaitingEnded(WaitingFact):
    """A partner's place in the line of an account is over: told once of each, in the partner's own words of the customer.

    `deal_id` is the registration that an accepted offer became; `continued_by` the partner's other place, which stands for both.
    """

    topic: ClassVar[str] = "account.waiting_ended"
    reason: WaitingEnd
    deal_id: UUID | None = None
    continued_by: UUID | None = None
