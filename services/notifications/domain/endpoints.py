"""A webhook endpoint: an address of one partner (or of the vendor's own staff) and the event types it wants."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.notifications.domain.filters import wants
from services.notifications.domain.refusals import EndpointDisabled

EndpointId = NewType("EndpointId", UUID)


class EndpointState(StrEnum):
    """Only an enabled endpoint gets events; what happens meanwhile is in the feed."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class Cause(StrEnum):
    """Why an endpoint is disabled."""

    OWNER = "owner"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the owner may choose. `event_types` are patterns, see filters."""

    url: str
    event_types: tuple[str, ...]
    description: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`partner_id` is None for the vendor's own endpoints, which get every event whole. `version` counts changes from 1.

    `failing_since` is when the first of an unbroken row of failed attempts was made; None while the endpoint accepts.
    """

    id: EndpointId
    partner_id: UUID | None
    wish: Wish
    state: EndpointState
    cause: Cause | None
    version: int
    created_at: datetime
    updated_at: datetime
    failing_since: datetime | None = None


def opened(endpoint_id: EndpointId, *, partner_id: UUID | None, wish: Wish, now: datetime) -> Endpoint:
    """A new endpoint, enabled at once."""
    return Endpoint(endpoint_id, partner_id, wish, EndpointState.ENABLED, None, version=1, created_at=now, updated_at=now)


def changed(endpoint: Endpoint, *, wish: Wish, now: datetime) -> Endpoint:
    """The owner's new wish; the same wish changes nothing, not even the version."""
    if wish == endpoint.wish:
        return endpoint
    return replace(endpoint, wish=wish, version=endpoint.version + 1, updated_at=now)


def enabled(endpoint: Endpoint, *, now: datetime) -> Endpoint:
    """Events flow again, from now on; deliveries that were open when it was disabled are due at once."""
    if endpoint.state is EndpointState.ENABLED:
        return endpoint
    return replace(endpoint, state=EndpointState.ENABLED, cause=None, version=endpoint.version + 1, updated_at=now, failing_since=None)


def disabled(endpoint: Endpoint, *, cause: Cause, now: datetime) -> Endpoint:
    """Nothing is sent any more, until it is enabled again."""
    if endpoint.state is EndpointState.DISABLED:
        return endpoint
    return replace(endpoint, state=EndpointState.DISABLED, cause=cause, version=endpoint.version + 1, updated_at=now)


def must_be_enabled(endpoint: Endpoint) -> None:
    """Raises EndpointDisabled."""
    if endpoint.state is not EndpointState.ENABLED:
        raise EndpointDisabled


def takes(endpoint: Endpoint, *, event_type: str, viewer: UUID | None) -> bool:
    """Whether an event of this type, as `viewer` sees it (None: the vendor), goes to the endpoint."""
    return endpoint.state is EndpointState.ENABLED and endpoint.partner_id == viewer and wants(endpoint.wish.event_types, event_type)
