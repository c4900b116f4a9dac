"""Cursors: what a list gives out, it reads back; what it did not give out, it refuses."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.chassis.http.paging import CursorInvalid, Paging, encode


@given(
    st.uuids(),
    st.datetimes(timezones=st.just(UTC)),
    st.dates(),
    st.integers(-(2**62), 2**62),
    st.text(st.characters(codec="utf-8", exclude_characters="\0")),
)
def test_cursor_when_given_out_then_read_back(key: UUID, at: datetime, on: date, number: int, name: str) -> None:
    cursor = encode(key, at, on, number, name)

    assert Paging(50, cursor).after(UUID, datetime, date, int, str) == (key, at, on, number, name)


@given(st.text(max_size=60))
def test_cursor_when_made_up_then_refused_and_nothing_else(text: str) -> None:
    with pytest.raises(CursorInvalid):
        Paging(50, text).after(UUID, int)


@pytest.mark.parametrize("part", [True, 2**63, 1.5, None, "1"])
def test_cursor_when_a_part_is_of_another_kind_then_refused(part: Any) -> None:
    import base64

    import orjson

    with pytest.raises(CursorInvalid):
        Paging(50, base64.urlsafe_b64encode(orjson.dumps([part])).decode()).after(int)


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_cursor_when_its_instant_lies_beyond_the_calendar_then_refused(at: str) -> None:
    with pytest.raises(CursorInvalid):
        Paging(50, encode(at)).after(datetime)


@pytest.mark.parametrize("on", ["2026-02-29", "2026-13-01", "20260101T00", "yesterday", "-2026-01-01"])
def test_cursor_when_its_day_is_none_then_refused(on: str) -> None:
    with pytest.raises(CursorInvalid):
        Paging(50, encode(on)).after(date)


def test_page_when_one_more_was_fetched_then_it_is_not_shown_but_leads_on() -> None:
    page = Paging(2, None).page([1, 2, 3], view=str, key=lambda row: (row,))

    assert (page.items, page.next) == (["1", "2"], encode(2))
    assert Paging(2, None).page([1, 2], view=str, key=lambda row: (row,)).next is None
