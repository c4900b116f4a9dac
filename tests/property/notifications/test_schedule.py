"""Whatever the luck and the receiver's wish: retries end, lie ahead, and stay within the bounds of the rules."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.feed import cursor_after, position_of
from services.notifications.domain.schedule import RetryRules, next_attempt, retry_after

NOW = datetime(2026, 3, 1, tzinfo=UTC)
spans = st.timedeltas(timedelta(seconds=1), timedelta(days=2))
rules = st.builds(
    RetryRules,
    delays=st.lists(spans, min_size=1, max_size=12).map(tuple),
    jitter=st.floats(0, 0.5),
    attempt_limit=st.integers(1, 20),
    retry_after_limit=spans,
)


@given(rules, st.floats(0, 1, exclude_max=True), st.none() | st.timedeltas(timedelta(0), timedelta(days=9999)))
def test_retries_lie_ahead_within_bounds_and_end(rules: RetryRules, luck: float, asked: timedelta | None) -> None:
    attempts = 1
    while (due := next_attempt(rules, attempts=attempts, now=NOW, luck=luck, retry_after=asked)) is not None:
        longest = rules.delays[attempts - 1] * (1 + rules.jitter) + timedelta(milliseconds=1)
        assert NOW < due <= NOW + max(longest, rules.retry_after_limit)
        attempts += 1
    assert attempts == min(rules.attempt_limit, len(rules.delays) + 1)


@given(st.text())
def test_any_retry_after_header_is_read_or_ignored(header: str) -> None:
    found = retry_after(header, now=NOW)
    assert found is None or found >= timedelta(0)


@given(st.integers(0, 10**15))
def test_cursor_round_trips(position: int) -> None:
    assert position_of(cursor_after(position)) == position
