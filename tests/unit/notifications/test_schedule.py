"""Retry times: the schedule, its jitter, its end, and Retry-After within bounds."""

from datetime import UTC, datetime, timedelta

import pytest

from services.notifications.domain.deliveries import Answer, DeliveryState, Fault, fault_of, judge
from services.notifications.domain.schedule import RetryRules, next_attempt, retry_after

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULES = RetryRules(
    delays=(timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30)),
    jitter=0.2,
    attempt_limit=4,
    retry_after_limit=timedelta(hours=24),
)


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 5), (2, 300), (3, 1800)])
def test_next_attempt_with_middling_luck_follows_the_schedule(attempts: int, seconds: int) -> None:
    assert next_attempt(RULES, attempts=attempts, now=NOW, luck=0.5) == NOW + timedelta(seconds=seconds)


def test_next_attempt_jitters_either_way_within_its_share() -> None:
    assert next_attempt(RULES, attempts=2, now=NOW, luck=0) == NOW + timedelta(seconds=240)
    assert next_attempt(RULES, attempts=2, now=NOW, luck=1) == NOW + timedelta(seconds=360)


def test_next_attempt_after_the_last_one_is_none() -> None:
    assert next_attempt(RULES, attempts=4, now=NOW, luck=0.5) is None


def test_retry_after_puts_off_but_never_brings_forward() -> None:
    assert next_attempt(RULES, attempts=1, now=NOW, luck=0.5, retry_after=timedelta(seconds=60)) == NOW + timedelta(seconds=60)
    assert next_attempt(RULES, attempts=2, now=NOW, luck=0.5, retry_after=timedelta(seconds=60)) == NOW + timedelta(seconds=300)


def test_retry_after_is_bounded() -> None:
    assert next_attempt(RULES, attempts=1, now=NOW, luck=0.5, retry_after=timedelta(days=400)) == NOW + timedelta(hours=24)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("", None),
        ("120", timedelta(seconds=120)),
        (" 7 ", timedelta(seconds=7)),
        ("Sun, 01 Mar 2026 12:01:00 GMT", timedelta(seconds=60)),
        ("Sun, 01 Mar 2026 11:00:00 GMT", timedelta(0)),
        ("-5", None),
        ("soon", None),
        ("9" * 400, timedelta(seconds=10**9)),
        ("²", None),
    ],
)
def test_retry_after_header_is_read_as_seconds_or_date(header: str | None, expected: timedelta | None) -> None:
    assert retry_after(header, now=NOW) == expected


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (200, None),
        (204, None),
        (299, None),
        (302, Fault.REDIRECT),
        (404, Fault.STATUS),
        (410, Fault.GONE),
        (429, Fault.STATUS),
        (500, Fault.STATUS),
    ],
)
def test_fault_of_status(status: int, fault: Fault | None) -> None:
    assert fault_of(status) is fault


def test_judge_success_ends_the_delivery() -> None:
    verdict = judge(Answer(200, None), attempts=1, rules=RULES, now=NOW, luck=0.5)
    assert (verdict.state, verdict.due_at, verdict.endpoint_gone) == (DeliveryState.DELIVERED, None, False)


def test_judge_gone_fails_it_and_gives_the_endpoint_up() -> None:
    verdict = judge(Answer(410, Fault.GONE), attempts=1, rules=RULES, now=NOW, luck=0.5)
    assert (verdict.state, verdict.endpoint_gone) == (DeliveryState.FAILED, True)


def test_judge_fault_is_tried_again_until_the_attempts_are_spent() -> None:
    assert judge(Answer(None, Fault.TIMEOUT), attempts=3, rules=RULES, now=NOW, luck=0.5).state is DeliveryState.PENDING
    assert judge(Answer(None, Fault.TIMEOUT), attempts=4, rules=RULES, now=NOW, luck=0.5).state is DeliveryState.FAILED
