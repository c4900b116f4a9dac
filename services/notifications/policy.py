"""The notifications section of the programme: read from `programme.yaml` once, afterwards versioned data."""

from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from services.notifications.domain.rules import Rules
from services.notifications.domain.schedule import RetryRules
from services.notifications.domain.targets import TargetRules
from shared.chassis.database import UnitOfWork
from shared.chassis.policies import Policies


class NotificationsPolicy(BaseModel):
    """The whole section."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    retry_delays_s: tuple[float, ...] = Field(min_length=1)
    jitter: Decimal = Field(ge=0, le=Decimal("0.9"))
    attempt_limit: int = Field(ge=1)
    connect_timeout_s: float = Field(gt=0)
    timeout_s: float = Field(gt=0, le=120)
    retry_after_limit_s: float = Field(ge=0)
    rotation_overlap_hours: float = Field(ge=0)
    allow_private_targets: bool = False
    endpoints_limit: int = Field(ge=1)
    keep_days: float = Field(30, gt=0, description="how long feed, deliveries and attempts are kept")

    def rules(self, *, allow_private: bool) -> Rules:
        """The rules' own view of the section."""
        return Rules(
            retries=RetryRules(
                delays=tuple(timedelta(seconds=delay) for delay in self.retry_delays_s),
                jitter=float(self.jitter),
                attempt_limit=self.attempt_limit,
                retry_after_limit=timedelta(seconds=self.retry_after_limit_s),
            ),
            targets=TargetRules(allow_private=allow_private, allow_http=allow_private),
            connect=timedelta(seconds=self.connect_timeout_s),
            attempt=timedelta(seconds=self.timeout_s),
            rotation_overlap=timedelta(hours=self.rotation_overlap_hours),
            endpoints_limit=self.endpoints_limit,
            keep=timedelta(days=self.keep_days),
        )


class Programme:
    """The section in force. `allow_private_targets` of the settings, where given, overrules the programme's."""

    def __init__(self, *, allow_private_targets: bool | None) -> None:
        self._policies = Policies(NotificationsPolicy)
        self._allow_private = allow_private_targets

    async def at(self, uow: UnitOfWork, instant: datetime) -> Rules:
        """The rules at `instant`."""
        _, policy = await self._policies.at(uow, instant)
        allow = policy.allow_private_targets if self._allow_private is None else self._allow_private
        return policy.rules(allow_private=allow)
