"""When a delivery is tried again: the Standard Webhooks schedule with jitter, and what the receiver asked for."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class RetryRules:
    """`delays[n]` is the wait after attempt n + 1; after the last one, or after `attempt_limit` attempts, there is none.

    `jitter` is the share by which a delay may deviate either way; a receiver's Retry-After counts up to `retry_after_limit`.
    """

    delays: tuple[timedelta, ...]
    jitter: float
    attempt_limit: int
    retry_after_limit: timedelta


def next_attempt(rules: RetryRules, *, attempts: int, now: datetime, luck: float, retry_after: timedelta | None = None) -> datetime | None:
    """When to try again after `attempts` failed ones, or None when the delivery has failed for good.

    `luck` in [0, 1) spreads receivers that failed together. Retry-After can put an attempt off, never bring it forward.
    """
    if attempts >= min(rules.attempt_limit, len(rules.delays) + 1):
        return None
    delay = rules.delays[attempts - 1] * (1 + rules.jitter * (2 * luck - 1))
    asked = min(retry_after or timedelta(0), rules.retry_after_limit)
    return now + max(delay, asked)


def retry_after(header: str | None, *, now: datetime) -> timedelta | None:
    """Read a Retry-After header, whole seconds or an HTTP date; None if absent or unreadable. Never negative."""
    if not header:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:12]), 10**9))
    try:
        instant = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return max(instant - now, timedelta(0))
