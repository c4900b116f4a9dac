"""What staff changed of accounts, as published events."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from services.registration.domain.values import AccountId
from shared.schemas.accounts import AccountMerged, AccountSplit


def merged_event(account_id: AccountId, into: AccountId, *, deal_ids: Iterable[UUID], now: datetime) -> AccountMerged:
    """`account_id` is gone; `into` carries on, with these deals."""
    moved = tuple(sorted(deal_ids))
    return AccountMerged(occurred_at=now, recorded_at=now, account_id=account_id, into_account_id=into, deal_ids=moved)


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
