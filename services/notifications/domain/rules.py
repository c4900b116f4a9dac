"""What the vendor and the operator have decided, as the rules of this service read it."""

from dataclasses import dataclass
from datetime import timedelta

from services.notifications.domain.schedule import RetryRules
from services.notifications.domain.targets import TargetRules


@dataclass(frozen=True, slots=True)
class Rules:
    """The notifications section of the programme. `connect` and `attempt` bound one attempt, `keep` the feed and the log."""

    retries: RetryRules
    targets: TargetRules
    connect: timedelta
    attempt: timedelta
    rotation_overlap: timedelta
    endpoints_limit: int
    keep: timedelta
