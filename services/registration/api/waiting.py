"""The waiting list over HTTP: one's own places in line, and what is offered."""

from datetime import datetime
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel

from services.registration.api import models as m
from services.registration.api.receipt_headers import DOCUMENTED, name_receipt
from services.registration.api.routes import Reader, Writer, shown
from services.registration.domain.deals.line import Place, Waiting
from services.registration.policy import Policy
from services.registration.store import waiting
from services.registration.use_cases.receipts.issue import Receipts, accepted
from services.registration.use_cases.waiting.accept import accept
from services.registration.use_cases.waiting.leave import leave
from shared.chassis.http import Page, PageQuery, Router, Uow
from shared.chassis.policies import Policies


class PlaceOut(BaseModel):
    """A place in line. It tells nothing of who else stands there, nor of who holds the account."""

    id: UUID
    partner_id: UUID
    account_name: str
    families: tuple[str, ...]
    territory: str
    state: Place
    joined_at: datetime
    offered_until: datetime | None
    deal_id: UUID | None

    @classmethod
    def of(cls, one: Waiting) -> "PlaceOut":
        return cls(
            id=one.id,
            partner_id=one.partner_id,
            account_name=one.account_name,
            families=one.scope.families,
            territory=one.territory,
            state=one.place,
            joined_at=one.joined_at,
            offered_until=one.offered_until,
            deal_id=one.deal_id,
        )


def routes(policies: Policies[Policy], *, receipts: Receipts) -> Router:
    """The routes of the line."""
    router = Router(prefix="/v1/waiting", tags=["waiting list"])

    @router.get("")
    async def list_places(uow: Uow, caller: Reader, paging: PageQuery) -> Page[PlaceOut]:
        """Places in line, oldest first; a partner sees its own."""
        after = paging.after(UUID)
        found = await waiting.listed(uow, partner_id=caller.partner_id, after=after[0] if after else None, limit=paging.limit + 1)
        return paging.page(found, view=PlaceOut.of, key=lambda one: (one.id,))

    @router.post("/{waiting_id}/accept", status_code=201, responses={201: DOCUMENTED[201]})
    async def accept_offer(waiting_id: UUID, uow: Uow, caller: Writer, response: Response) -> m.DealOut:
        """Register the account that is offered."""
        policy = (await policies.at(uow, uow.now))[1]
        deal = await accept(uow, waiting_id, by=caller.subject, policy=policy)
        name_receipt(response, await receipts.issue(uow, accepted(deal)))
        return shown(deal, uow, response)

    @router.post("/{waiting_id}/leave")
    async def leave_line(waiting_id: UUID, uow: Uow, _: Writer) -> PlaceOut:
        """Give the place up; what was offered goes to the next."""
        return PlaceOut.of(await leave(uow, waiting_id))

    return router
