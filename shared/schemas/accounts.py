"""Facts about accounts (customers), owned by the service `registration`: for whoever keeps account ids. They name no partner."""

from typing import ClassVar
from uuid import UUID

from shared.schemas.base import Event


class AccountFact(Event):
    """What every fact about one account carries."""

    subject_field: ClassVar[str] = "account_id"
    key_field: ClassVar[str] = "account_id"
    account_id: UUID


class AccountMerged(AccountFact):
    """`account_id` was merged: all its deals, those to come too, are on `into_account_id` (which may be merged later itself)."""

    topic: ClassVar[str] = "account.merged"
    into_account_id: UUID


class AccountSplit(AccountFact):
    """`deal_ids` left `account_id` for `new_account_id`, a new account or one that had been merged before and stands for itself again.

    `waiting_ids` are the places in its line that went along: they stand as they stood.
    """

    topic: ClassVar[str] = "account.split"
    new_account_id: UUID
    deal_ids: tuple[UUID, ...] = ()
    waiting_ids: tuple[UUID, ...] = ()
