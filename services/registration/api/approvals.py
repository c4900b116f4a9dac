"""The review queue over HTTP: what waits for a decision, whose it is, and the decision."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response
from pydantic import BaseModel, Field

from services.registration.api import models as m
from services.registration.api.request_body import RequestBody
from services.registration.api.routes import Manager, OneDeal, shown
from services.registration.policy import Policy
from services.registration.store import deal_reviews
from services.registration.store.deal_reviews import DealReview, DealReviewState, Filter, ReviewStep, Taken
from services.registration.use_cases.reviews.approve import approve
from services.registration.use_cases.reviews.assign import assign
from services.registration.use_cases.reviews.reject import reject
from services.registration.use_cases.reviews.send_back import send_back
from shared.chassis.http import Page, PageQuery, Router, Uow
from shared.chassis.policies import Policies


class ApproveIn(RequestBody):
    note: str = Field("", max_length=2_000)


class AskIn(RequestBody):
    """What the partner is asked for, in words that it will read."""

    asked: m.Reason


class AssignIn(RequestBody):
    owner: m.Text


class QueuedOut(BaseModel):
    """One registration in the queue: why a person has to look, and until when."""

    deal_id: UUID
    partner_id: UUID
    reasons: tuple[str, ...]
    state: DealReviewState
    owner: str | None
    asked: str | None
    submitted_at: datetime
    due_at: datetime
    overdue: bool
    reminded_at: datetime | None
    escalated_at: datetime | None

    @classmethod
    def of(cls, review: DealReview, *, now: datetime) -> "QueuedOut":
        fields = {name: getattr(review, name) for name in DealReview.__dataclass_fields__}
        return cls(**fields, overdue=review.state is DealReviewState.IN_REVIEW and review.due_at <= now)


class ReviewStepOut(BaseModel):
    at: datetime
    by: str
    step: ReviewStep
    text: str

    @classmethod
    def of(cls, taken: Taken) -> "ReviewStepOut":
        return cls(at=taken.at, by=taken.by, step=taken.step, text=taken.text)


class RecordOut(QueuedOut):
    """With all that was done about it, in order."""

    steps: list[ReviewStepOut]


class QueueQuery:
    """Which part of the queue is wanted."""

    def __init__(
        self,
        state: DealReviewState | None = None,
        owner: Annotated[str | None, Query(max_length=300)] = None,
        overdue: bool = False,
    ) -> None:
        self.state, self.owner, self.overdue = state, owner, overdue

    def at(self, now: datetime) -> Filter:
        """The filter at this time."""
        return Filter(state=self.state, owner=self.owner, overdue_at=now if self.overdue else None)


def routes(policies: Policies[Policy]) -> Router:
    """The routes of the queue; all of them are staff's."""
    router = Router(prefix="/v1/approvals", tags=["approvals"])
    _add_reading(router)
    _add_deciding(router, policies)
    return router


def _add_reading(router: Router) -> None:
    @router.get("")
    async def list_approvals(uow: Uow, _: Manager, paging: PageQuery, wanted: Annotated[QueueQuery, Depends()]) -> Page[QueuedOut]:
        """The queue, the most urgent first."""
        after = paging.after(datetime, UUID)
        found = await deal_reviews.listed(uow, wanted.at(uow.now), after=after, limit=paging.limit + 1)
        return paging.page(found, view=lambda each: QueuedOut.of(each, now=uow.now), key=lambda each: (each.due_at, each.deal_id))

    @router.get("/{deal_id}")
    async def read_approval(deal_id: UUID, uow: Uow, _: Manager) -> RecordOut:
        """One registration and its record: who did what about it, when, and in which words."""
        review = QueuedOut.of(await deal_reviews.one(uow, deal_id), now=uow.now)
        return RecordOut(**review.model_dump(), steps=[ReviewStepOut.of(each) for each in await deal_reviews.steps(uow, deal_id)])

    @router.post("/{deal_id}/assign")
    async def assign_approval(deal_id: UUID, body: AssignIn, uow: Uow, caller: Manager) -> QueuedOut:
        """Give it to somebody."""
        return QueuedOut.of(await assign(uow, deal_id, owner=body.owner, by=caller.subject), now=uow.now)


def _add_deciding(router: Router, policies: Policies[Policy]) -> None:
    @router.post("/{deal_id}/approve")
    async def approve_deal(one: OneDeal, body: ApproveIn, uow: Uow, caller: Manager, response: Response) -> m.DealOut:
        """Protect it, from its receipt or from now, as the programme says."""
        policy = (await policies.at(uow, uow.now))[1]
        return shown(await approve(uow, one, by=caller.subject, note=body.note, policy=policy), uow, response)

    @router.post("/{deal_id}/return")
    async def return_deal(one: OneDeal, body: AskIn, uow: Uow, caller: Manager, response: Response) -> m.DealOut:
        """Send it back to the partner with a question."""
        return shown(await send_back(uow, one, by=caller.subject, asked=body.asked), uow, response)

    @router.post("/{deal_id}/reject")
    async def reject_deal(one: OneDeal, body: m.ReasonIn, uow: Uow, caller: Manager, response: Response) -> m.DealOut:
        """Reject it; the partner reads the reason, and the account is free."""
        return shown(await reject(uow, one, by=caller.subject, reason=body.reason), uow, response)
