"""Whether rules that can be read can be lived by: all that a registration, a lead or a conflict asks of them has an answer."""

from datetime import UTC, datetime

from services.registration.domain.conflicts.conflict import STEPS
from services.registration.policy import Policy

_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)


def check_usable(policy: Policy) -> None:
    """Raises TreeInvalid, HoursInvalid for a limit that is beyond twenty years, and the refusals of Money."""
    _ = policy.tree, policy.approval_rules
    policy.review_limit(_ANY_DAY)
    level, limits = policy.lead_level, policy.conflict_limits
    level.hours.add(_ANY_DAY, max(level.answer_within_hours, level.remind_after_hours))
    for step in STEPS:
        limits.due(step, since=_ANY_DAY)
