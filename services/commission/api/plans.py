"""The plan over HTTP: its versions, and drafts of the next one until somebody activates them from a day on."""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from services.commission.api.plan_models import Activation, DraftBody, DraftView, NewPlan, PlanView, ValidationView
from services.commission.store import drafts, plans
from services.commission.store.drafts import Draft
from services.commission.use_cases import draft_plan
from services.commission.use_cases.activate_plan import activate_plan
from services.commission.use_cases.check_plan import check
from services.commission.use_cases.draft_plan import Expects
from services.commission.use_cases.record_plan import record_plan
from shared.chassis.errors import NotFound
from shared.chassis.http import IfMatch, Page, PageQuery, Principal, Router, Uow, etag, requires

plan_versions = Router(prefix="/v1/plans", tags=["plans"])
plan_drafts = Router(prefix="/v1/plan-drafts", tags=["plans"])

PlanReader = Annotated[Principal, requires("plans:read")]
PlanKeeper = Annotated[Principal, requires("plans:admin")]


@plan_versions.get("")
async def all_plans(uow: Uow, actor: PlanReader) -> list[PlanView]:
    """The plan with all its versions, in the order in which they were recorded; a partner sees those that may be its own."""
    return [PlanView.of(seen) for each in await plans.recorded(uow) for seen in each.visible_to(actor.partner_id)]


@plan_versions.post("", status_code=201)
async def add_plan(body: NewPlan, uow: Uow, actor: PlanKeeper) -> PlanView:
    """Record plan versions that start today or later. They are never edited, and nothing on record is rated anew."""
    return PlanView.of(await record_plan(uow, body.document, recorded_by=actor.subject, reason=body.reason))


@plan_versions.get("/{version}")
async def one_plan(version: str, uow: Uow, actor: PlanReader) -> PlanView:
    """The recorded document that the version of this number stands in."""
    number = int(version) if version.isdecimal() and len(version) < 10 else 0
    for each in await plans.recorded(uow):
        for seen in each.visible_to(actor.partner_id):
            if seen.first <= number < seen.first + len(seen.document.versions):
                return PlanView.of(seen)
    raise NotFound(what="plan version")


def _expected(if_match: IfMatch) -> Expects:
    """What is changed or activated is what was read: the ETag has to be named."""
    return lambda version: if_match.expects(version, required=True)


def _shown(draft: Draft, response: Response) -> DraftView:
    etag(response, draft.version)
    return DraftView.of(draft)


@plan_drafts.get("")
async def all_drafts(uow: Uow, actor: PlanKeeper, paging: PageQuery) -> Page[DraftView]:
    """Drafts, the oldest first, also those that were activated."""
    after = paging.after(UUID)
    rows = await drafts.page(uow, after=after[0] if after else None, limit=paging.limit + 1)
    return paging.page(rows, view=DraftView.of, key=lambda draft: (draft.id,))


@plan_drafts.post("", status_code=201)
async def begin(body: DraftBody, uow: Uow, actor: PlanKeeper, response: Response) -> DraftView:
    """Begin a draft. It rules nothing, so it may have faults."""
    return _shown(await draft_plan.begin(uow, body.document, note=body.note, by=actor.subject), response)


@plan_drafts.get("/{draft_id}")
async def show(draft_id: UUID, uow: Uow, actor: PlanKeeper, response: Response) -> DraftView:
    """One draft, with its ETag."""
    return _shown(await drafts.get(uow, draft_id), response)


@plan_drafts.put("/{draft_id}")
async def replace(draft_id: UUID, body: DraftBody, uow: Uow, actor: PlanKeeper, if_match: IfMatch, response: Response) -> DraftView:
    """Write the draft anew, whole; `If-Match` names the version that was read."""
    by, expects = actor.subject, _expected(if_match)
    return _shown(await draft_plan.replace(uow, draft_id, body.document, note=body.note, by=by, expects=expects), response)


@plan_drafts.delete("/{draft_id}", status_code=204)
async def discard(draft_id: UUID, uow: Uow, actor: PlanKeeper, if_match: IfMatch) -> None:
    """Throw the draft away; an activated one stays, since a version of the plan came from it."""
    await draft_plan.discard(uow, draft_id, expects=_expected(if_match))


@plan_drafts.post("/{draft_id}/validate")
async def validate(draft_id: UUID, uow: Uow, actor: PlanKeeper) -> ValidationView:
    """Every fault and every warning with its place. Changes nothing."""
    return ValidationView.of(await check(uow, (await drafts.get(uow, draft_id)).document))


@plan_drafts.post("/{draft_id}/activate", status_code=201)
async def activate(draft_id: UUID, body: Activation, uow: Uow, actor: PlanKeeper, if_match: IfMatch) -> PlanView:
    """Make the draft the plan's next version, from a day on; `If-Match` names the version that was read."""
    start, reason = body.effective_from, body.reason
    return PlanView.of(await activate_plan(uow, draft_id, start=start, reason=reason, by=actor.subject, expects=_expected(if_match)))
