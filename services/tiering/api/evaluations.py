"""Evaluations: asked for, listed, opened down to each partner's place."""

from typing import Annotated
from uuid import UUID

from services.tiering.api.models import EvaluationRequest, EvaluationView, ResultView
from services.tiering.domain.evaluations import Trigger
from services.tiering.policy import TieringPolicy
from services.tiering.store import evaluations
from services.tiering.use_cases.evaluate import Request, evaluate
from shared.chassis.http import Page, PageQuery, Principal, Router, Uow, requires
from shared.chassis.policies import Policies


def router(policies: Policies[TieringPolicy]) -> Router:
    """The routes of `/v1/evaluations`."""
    routes = Router(prefix="/v1/evaluations", tags=["evaluations"])

    @routes.post("", status_code=201)
    async def evaluate_now(
        uow: Uow, actor: Annotated[Principal, requires("evaluations:write")], body: EvaluationRequest | None = None
    ) -> EvaluationView:
        """Rank every partner and apply what that changes. An instant before the last evaluation ranks, but moves nobody."""
        as_of = (body.as_of if body else None) or uow.now
        return EvaluationView.of(await evaluate(uow, policies, Request(as_of, Trigger.DEMAND, actor.subject)))

    @routes.get("")
    async def list_evaluations(
        uow: Uow, paging: PageQuery, actor: Annotated[Principal, requires("evaluations:read")]
    ) -> Page[EvaluationView]:
        """Evaluations, newest first."""
        after = paging.after(UUID)
        found = await evaluations.newest_first(uow, limit=paging.limit + 1, before=after[0] if after else None)
        return paging.page(found, view=EvaluationView.of, key=lambda one: (one.id,))

    @routes.get("/{evaluation_id}")
    async def get_evaluation(evaluation_id: UUID, uow: Uow, actor: Annotated[Principal, requires("evaluations:read")]) -> EvaluationView:
        """One evaluation."""
        return EvaluationView.of(await evaluations.get(uow, evaluation_id))

    @routes.get("/{evaluation_id}/results")
    async def list_results(
        evaluation_id: UUID, uow: Uow, paging: PageQuery, actor: Annotated[Principal, requires("evaluations:read")]
    ) -> Page[ResultView]:
        """Every partner's place in one evaluation, best first; it never changes."""
        evaluation = await evaluations.get(uow, evaluation_id)
        _, policy = await policies.at(uow, evaluation.as_of)
        after = paging.after(int)
        rows = await evaluations.results(uow, evaluation_id, limit=paging.limit + 1, after_rank=after[0] if after else 0)
        return paging.page(rows, view=lambda row: ResultView.of(row, currency=policy.currency), key=lambda row: (row.rank,))

    return routes
