"""Cursors of the feed and event-type filters of endpoints."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.notifications.domain.endpoints import Cause, EndpointId, EndpointState, Wish, changed, disabled, enabled, opened, takes
from services.notifications.domain.feed import Extent, cursor_after, start
from services.notifications.domain.filters import normalised, wants
from services.notifications.domain.refusals import CursorExpired, CursorUnreadable, EventTypeUnknown
from services.notifications.domain.visibility import EVENT_TYPES

NOW = datetime(2026, 3, 1, tzinfo=UTC)
EXTENT = Extent(head=100, pruned_to=10)
PARTNER = UUID(int=7)


def test_cursor_goes_on_after_its_position() -> None:
    assert start(cursor_after(42), extent=EXTENT) == 42


def test_no_cursor_starts_at_the_oldest_kept_event() -> None:
    assert start(None, extent=EXTENT) == 10


def test_cursor_before_what_is_kept_says_so() -> None:
    with pytest.raises(CursorExpired):
        start(cursor_after(9), extent=EXTENT)


@pytest.mark.parametrize("cursor", ["", "x", "ä", "MTI", "=", cursor_after(101), cursor_after(-1), "ZmVlZDE6wrI"])
def test_cursor_that_the_feed_never_gave_is_refused(cursor: str) -> None:
    with pytest.raises(CursorUnreadable):
        start(cursor, extent=EXTENT)


def test_filter_without_patterns_takes_everything() -> None:
    assert normalised([], known=EVENT_TYPES) == ("*",)
    assert wants(["*"], "deal.closed")


def test_filter_takes_types_and_groups() -> None:
    patterns = normalised(["deal.closed", "tier.*", "deal.closed"], known=EVENT_TYPES)
    assert patterns == ("deal.closed", "tier.*")
    assert [kind for kind in ("deal.closed", "deal.registered", "tier.changed") if wants(patterns, kind)] == ["deal.closed", "tier.changed"]


@pytest.mark.parametrize("pattern", ["deal", "deal.clsed", "deals.*", "**", "", "contact.recorded", "crm.*"])
def test_filter_that_could_never_match_is_refused(pattern: str) -> None:
    with pytest.raises(EventTypeUnknown):
        normalised([pattern], known=EVENT_TYPES)


def test_endpoint_takes_only_its_own_view_while_enabled() -> None:
    endpoint = opened(EndpointId(UUID(int=1)), partner_id=PARTNER, wish=Wish("https://example.org", ("deal.*",)), now=NOW)
    assert takes(endpoint, event_type="deal.closed", viewer=PARTNER)
    assert not takes(endpoint, event_type="deal.closed", viewer=None)
    assert not takes(endpoint, event_type="tier.changed", viewer=PARTNER)
    assert not takes(disabled(endpoint, cause=Cause.OWNER, now=NOW), event_type="deal.closed", viewer=PARTNER)


def test_endpoint_version_counts_real_changes_only() -> None:
    endpoint = opened(EndpointId(UUID(int=1)), partner_id=None, wish=Wish("https://example.org", ("*",)), now=NOW)
    assert changed(endpoint, wish=endpoint.wish, now=NOW) is endpoint
    assert enabled(endpoint, now=NOW) is endpoint
    off = disabled(endpoint, cause=Cause.GONE, now=NOW + timedelta(hours=1))
    assert (off.version, off.state, off.cause) == (2, EndpointState.DISABLED, Cause.GONE)
    assert enabled(off, now=NOW).cause is None
