"""Standings: each partner's tier, rank and reason, and what the tiers bring."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Response

from services.tiering.api.models import StandingView, TierView
from services.tiering.domain.tiers import Tier
from services.tiering.policy import TieringPolicy
from services.tiering.store import standings
from services.tiering.store.standings import Standing
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import NotFound
from shared.chassis.http import Page, PageQuery, Principal, Router, Uow, etag, requires
from shared.chassis.policies import Policies


def router(policies: Policies[TieringPolicy]) -> Router:
    """The routes of `/v1/standings` and `/v1/tiers`."""
    routes = Router(prefix="/v1", tags=["standings"])

    @routes.get("/standings")
    async def list_standings(
        uow: Uow, paging: PageQuery, actor: Annotated[Principal, requires("standings:read")], tier: Tier | None = None
    ) -> Page[StandingView]:
        """Partners by rank, those who are not ranked last; a partner sees its own standing alone."""
        after = paging.after(int, UUID)
        found = await standings.page(uow, limit=paging.limit + 1, after=after, partner_id=actor.partner_id, tier=tier)
        shown = paging.page(found, view=lambda one: one, key=lambda one: (one.order, one.partner_id))
        return Page(items=await _views(uow, policies, shown.items), next=shown.next)

    @routes.get("/standings/{partner_id}")
    async def get_standing(
        partner_id: UUID, uow: Uow, response: Response, actor: Annotated[Principal, requires("standings:read")]
    ) -> StandingView:
        """One partner's standing; there is none before its first evaluation."""
        found = await standings.of_partner(uow, partner_id)
        if found is None:
            raise NotFound(what="standing")
        etag(response, f"{found.version}-{found.evaluation_id}")
        return (await _views(uow, policies, [found]))[0]

    @routes.get("/tiers")
    async def list_tiers(uow: Uow, actor: Annotated[Principal, requires("standings:read")]) -> list[TierView]:
        """The tiers of the programme as they are now, best first."""
        _, policy = await policies.at(uow, uow.now)
        return [TierView.of(section, policy=policy) for section in policy.tiers]

    return routes


async def _views(uow: UnitOfWork, policies: Policies[TieringPolicy], found: Sequence[Standing]) -> list[StandingView]:
    _, policy = await policies.at(uow, uow.now)
    ids = [one.partner_id for one in found]
    apart = await standings.revenue_apart(uow, ids, currency=policy.currency, months=policy.months)
    return [StandingView.of(one, currency=policy.currency, apart=apart.get(one.partner_id, {})) for one in found]
