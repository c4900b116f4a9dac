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
    """`account_id` was merged: all its deals, those to come too, are on `into_account_id` (which may be merged later itself).

    `deal_ids` are those that went along, also such as came to it by an earlier merge; without it, all that were there. Whoever follows
    a deal from its first account takes, at each, that account's next fact that names the deal: after a split, a deal that did not come
    back is not led away by an older merge.
    """

    topic: ClassVar[str] = "account.merged"
    into_account_id: UUID
    deal_ids: tuple[UUID, ...] | None = None


class AccountSplit(AccountFact):
    """`deal_ids` left `account_id` for `new_account_id`, a new account or one that had been merged before and stands for itself again.

    `waiting_ids` are the places in its line that went along: they stand as they stood. `new_account_version` is the version of
    `new_account_id` then, which tells this fact's place among that account's own: an older merge of it is over.
    """

    topic: ClassVar[str] = "account.split"
    new_account_id: UUID
    new_account_version: int | None = None
    deal_ids: tuple[UUID, ...] = ()
    waiting_ids: tuple[UUID, ...] = ()
