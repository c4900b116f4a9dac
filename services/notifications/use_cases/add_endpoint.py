"""Open a webhook endpoint."""

from dataclasses import replace
from uuid import UUID

from services.notifications.domain.endpoints import Endpoint, EndpointId, Wish, opened
from services.notifications.domain.filters import normalised
from services.notifications.domain.refusals import EndpointLimitReached
from services.notifications.domain.rules import Rules
from services.notifications.domain.secrets import Secret
from services.notifications.domain.targets import check_url
from services.notifications.domain.visibility import EVENT_TYPES
from services.notifications.store import endpoints
from services.notifications.store.secrets import Secrets
from services.notifications.use_cases.fresh_secret import fresh_secret
from shared.chassis.database import UnitOfWork
from shared.chassis.ids import new_id


async def add_endpoint(uow: UnitOfWork, wish: Wish, *, partner_id: UUID | None, rules: Rules, secrets: Secrets) -> tuple[Endpoint, Secret]:
    """The new endpoint and its secret, readable here and never again. Raises UrlRefused, EventTypeUnknown, EndpointLimitReached."""
    endpoint = opened(EndpointId(new_id()), partner_id=partner_id, wish=checked(wish, rules=rules), now=uow.now)
    await uow.lock(f"endpoints:{partner_id}")  # two requests at once must not both be the last one allowed
    if await endpoints.count(uow, partner_id=partner_id) >= rules.endpoints_limit:
        raise EndpointLimitReached(limit=rules.endpoints_limit)
    secret = fresh_secret(now=uow.now)
    await endpoints.add(uow, endpoint)
    await secrets.replace(uow, endpoint, [secret])
    return endpoint, secret


def checked(wish: Wish, *, rules: Rules) -> Wish:
    """The wish with its filter in order. Raises UrlRefused, EventTypeUnknown."""
    return replace(wish, url=check_url(wish.url, rules.targets), event_types=normalised(wish.event_types, known=EVENT_TYPES))
