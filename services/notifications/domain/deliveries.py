"""One event on its way to one endpoint: pending until delivered or failed; every attempt is recorded."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.notifications.domain.endpoints import EndpointId
from services.notifications.domain.schedule import RetryRules, next_attempt

DeliveryId = NewType("DeliveryId", UUID)

GONE = 410


class DeliveryState(StrEnum):
    """Pending: an attempt is due or to come. Sending: one is under way (until its lease ends). The others are final."""

    PENDING = "pending"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Fault(StrEnum):
    """Why an attempt without a success status failed, in classes that tell the receiver's owner what to look at."""

    STATUS = "status"
    REDIRECT = "redirect"
    GONE = "gone"
    TIMEOUT = "timeout"
    DNS = "dns"
    CONNECTION = "connection"
    TLS = "tls"
    TARGET_REFUSED = "target_refused"
    PROTOCOL = "protocol"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt. `status` is None when no answer was read; `retry_after` is what the receiver asked for."""

    status: int | None
    fault: Fault | None
    excerpt: str = ""
    retry_after: timedelta | None = None

    @property
    def accepted(self) -> bool:
        return self.fault is None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer makes of the delivery: its state, when to try again, and whether the endpoint is to be disabled."""

    state: DeliveryState
    due_at: datetime | None
    endpoint_gone: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """A claimed delivery, ready to be sent: `attempt` counts from 1, `lease` proves that this sender may settle it.

    `earlier_attempts` were made before its last redelivery: the retry schedule counts from there.
    `suspect`: the endpoint's last attempt failed, or takes long.
    """

    id: DeliveryId
    endpoint_id: EndpointId
    partner_id: UUID | None
    message_id: str
    event_type: str
    payload: str
    url: str
    attempt: int
    earlier_attempts: int
    lease: UUID
    traceparent: str | None
    committed_at: datetime
    suspect: bool


def fault_of(status: int) -> Fault | None:
    """Success is any 2xx. A redirect is not followed: it could lead to an address that nobody checked."""
    if 200 <= status < 300:
        return None
    if status == GONE:
        return Fault.GONE
    return Fault.REDIRECT if 300 <= status < 400 else Fault.STATUS


def judge(answer: Answer, *, attempts: int, rules: RetryRules, now: datetime, luck: float) -> Verdict:
    """Decide about a delivery after its attempt number `attempts` got `answer`."""
    if answer.accepted:
        return Verdict(DeliveryState.DELIVERED, None)
    if answer.fault is Fault.GONE:
        return Verdict(DeliveryState.FAILED, None, endpoint_gone=True)
    due_at = next_attempt(rules, attempts=attempts, now=now, luck=luck, retry_after=answer.retry_after)
    return Verdict(DeliveryState.PENDING if due_at else DeliveryState.FAILED, due_at)
