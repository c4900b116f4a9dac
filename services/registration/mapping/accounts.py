"""What staff changed of accounts, as published events."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from services.registration.domain.values import AccountId
from shared.schemas.accounts import AccountMerged, AccountSplit

MOST_NAMED = 10_000  # deals: 400 kB; a record has room for twice as many


def merged_event(account_id: AccountId, into: AccountId, *, deal_ids: Iterable[UUID], now: datetime) -> AccountMerged:
    """`account_id` is gone; `into` carries on, with these deals, which are named unless they are too many."""
    moved = tuple(sorted(deal_ids))
    named = moved if len(moved) <= MOST_NAMED else None
    return AccountMerged(occurred_at=now, recorded_at=now, account_id=account_id, into_account_id=into, deal_ids=named)


def split_event(
    account_id: AccountId, into: AccountId, *, version: int, deal_ids: Iterable[UUID], waiting_ids: Iterable[UUID], now: datetime
) -> AccountSplit:
    """The deals, and places in line, left `account_id` for `into`, which is at `version` now."""
    return AccountSplit(
        occurred_at=now,
        recorded_at=now,
        account_id=account_id,
        new_account_id=into,
        new_account_version=version,
        deal_ids=tuple(sorted(deal_ids)),
        waiting_ids=tuple(sorted(waiting_ids)),
    )
