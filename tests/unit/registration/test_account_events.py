"""What is told of accounts fits into a record, whatever is on them."""

from datetime import UTC, datetime

from services.registration.domain.values import AccountId
from services.registration.mapping.accounts import MOST_NAMED, merged_event
from shared.chassis.database.unit_of_work import MAX_EVENT_BYTES
from shared.chassis.ids import new_id

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_merge_when_more_deals_went_along_than_a_record_holds_then_they_are_not_named() -> None:
    gone, into = AccountId(new_id()), AccountId(new_id())
    deals = [new_id() for _ in range(MOST_NAMED + 1)]
    most = merged_event(gone, into, deal_ids=deals[1:], now=NOW)
    assert most.deal_ids is not None
    assert len(most.model_dump_json()) < MAX_EVENT_BYTES
    assert merged_event(gone, into, deal_ids=deals, now=NOW).deal_ids is None
