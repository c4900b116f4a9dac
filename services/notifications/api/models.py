"""Bodies of requests and answers; the wire's words for the domain's values."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.notifications.domain.deliveries import DeliveryState, Fault
from services.notifications.domain.endpoints import Cause, Endpoint, EndpointState, Wish
from services.notifications.domain.feed import Entry
from services.notifications.domain.secrets import Secret
from services.notifications.store.deliveries import Attempt, Delivery
from services.notifications.use_cases.read_feed import Portion

Pattern = Annotated[str, StringConstraints(max_length=100)]
_TYPES = "such as deal.closed, a group such as deal.*, or * for all"


class Body(BaseModel):
    """A request's body; a field that nobody knows is a mistake of the caller and refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class EndpointWish(Body):
    """Where events are to be sent, and which."""

    url: str = Field(max_length=2_000, examples=["https://hooks.example.com/hansa"])
    event_types: list[Pattern] = Field(default_factory=list, max_length=100, description=f"{_TYPES} (the default)")
    description: str = Field("", max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")

    def wish(self) -> Wish:
        return Wish(self.url, tuple(self.event_types), self.description)


class NewEndpoint(EndpointWish):
    """`partner_id` is for staff alone: whose events are sent; without it the vendor's own endpoint, which gets all."""

    partner_id: UUID | None = None


class Rotation(Body):
    """With `immediate` former secrets stop signing at once (one leaked); else the present one signs along for the overlap."""

    immediate: bool = False


class EndpointView(BaseModel):
    """An endpoint. `version` is also the ETag; `failing_since` is there while its receiver accepts nothing."""

    id: UUID
    partner_id: UUID | None
    url: str
    event_types: list[str]
    description: str
    state: EndpointState
    disabled_because: Cause | None
    failing_since: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, endpoint: Endpoint) -> Self:
        return cls(
            id=endpoint.id,
            partner_id=endpoint.partner_id,
            url=endpoint.wish.url,
            event_types=list(endpoint.wish.event_types),
            description=endpoint.wish.description,
            state=endpoint.state,
            disabled_because=endpoint.cause,
            failing_since=endpoint.failing_since,
            version=endpoint.version,
            created_at=endpoint.created_at,
            updated_at=endpoint.updated_at,
        )


class SecretShown(BaseModel):
    """An endpoint with its signing secret, shown this once; null when the same request is answered a second time."""

    endpoint: EndpointView
    secret: str | None = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
    former_secret_until: datetime | None = Field(None, description="how long the secret before signs along")

    @classmethod
    def of(cls, endpoint: Endpoint, secrets: list[Secret]) -> Self:
        fresh, *former = secrets
        return cls(endpoint=EndpointView.of(endpoint), secret=fresh.text, former_secret_until=former[0].expires_at if former else None)


class DeliveryView(BaseModel):
    """One event on its way to one endpoint. `event_id` is the webhook-id of every attempt, and the event's id in the feed."""

    id: UUID
    endpoint_id: UUID
    event_id: str
    type: str
    state: DeliveryState
    attempts: int
    next_attempt_at: datetime | None
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        return cls(
            id=delivery.id,
            endpoint_id=delivery.endpoint_id,
            event_id=delivery.message_id,
            type=delivery.event_type,
            state=delivery.state,
            attempts=delivery.attempts,
            next_attempt_at=delivery.due_at if delivery.state is DeliveryState.PENDING else None,
            created_at=delivery.created_at,
            finished_at=delivery.finished_at,
        )


class AttemptView(BaseModel):
    """One line of the attempt log. `fault` is null for success; `excerpt` is the beginning of the answer, or the error."""

    attempt: int
    started_at: datetime
    duration_ms: int
    status: int | None
    fault: Fault | None
    excerpt: str

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        return cls(
            attempt=attempt.attempt,
            started_at=attempt.started_at,
            duration_ms=attempt.duration_ms,
            status=attempt.status,
            fault=attempt.fault,
            excerpt=attempt.excerpt,
        )


class FeedItem(BaseModel):
    """One event, with the same content as its webhook. `data` is the published event, as far as the viewer may see it."""

    id: str
    type: str
    timestamp: datetime
    data: dict[str, Any]

    @classmethod
    def of(cls, entry: Entry) -> Self:
        return cls(id=entry.event_id, type=entry.event_type, timestamp=entry.occurred_at, data=entry.data)


class FeedPage(BaseModel):
    """Some events in order, and the cursor to go on with, also at the end: keep it and ask again. `more`: there is more already."""

    items: list[FeedItem]
    next: str
    more: bool

    @classmethod
    def of(cls, portion: Portion) -> Self:
        return cls(items=[FeedItem.of(entry) for entry in portion.entries], next=portion.cursor, more=portion.more)
