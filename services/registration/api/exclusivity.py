"""What keeps protection going, over HTTP: extensions asked for and decided, sales stages, and answers to a review."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, Field

from services.registration.api import models as m
from services.registration.api.request_body import RequestBody
from services.registration.api.routes import Manager, OneDeal, Reader, Writer, shown
from services.registration.domain.refusals import AmountNegative
from services.registration.mapping.deals import families_of
from services.registration.policy import Policy
from services.registration.store import extensions
from services.registration.store.extensions import ExtensionRequest
from services.registration.use_cases.ask_extension import ask_extension
from services.registration.use_cases.decline_extension import decline_extension
from services.registration.use_cases.extend import extend
from services.registration.use_cases.move_stage import move_stage
from services.registration.use_cases.reviews.resubmit import Answer, resubmit
from shared.chassis.http import Page, PageQuery, Router, Uow
from shared.chassis.money import Money
from shared.chassis.policies import Policies
from shared.schemas.base import Currency


class AskExtensionIn(RequestBody):
    """Why it takes longer, and what shows it."""

    evidence: str | None = Field(None, min_length=1, max_length=2_000)


class StageIn(RequestBody):
    """Where the sale stands, in the programme's words."""

    stage: m.Text


class ResubmitIn(RequestBody):
    """The answer to what was asked, and what changes; what is absent stays as it was."""

    answer: m.Reason
    evidence: str | None = Field(None, min_length=1, max_length=2_000)
    families: tuple[m.Text, ...] | None = Field(None, min_length=1, max_length=50)
    territory: str | None = Field(None, min_length=1, max_length=100)
    expected_amount: m.Amount | None = None
    currency: Currency = "USD"

    def answered(self) -> Answer:
        """Raises FamiliesMissing, AmountNegative and the refusals of Money."""
        expected = Money.parse(self.expected_amount, self.currency) if self.expected_amount else None
        if expected and expected.minor < 0:
            raise AmountNegative
        return Answer(
            text=self.answer,
            evidence=self.evidence,
            expected=expected,
            families=families_of(self.families) if self.families else None,
            territory=self.territory,
        )


class ExtensionOut(BaseModel):
    """An extension that was asked for; undecided, it keeps protection until `keeps_until` at most."""

    id: UUID
    deal_id: UUID
    partner_id: UUID
    evidence: str | None
    requested_at: datetime
    keeps_until: datetime
    state: str
    decided_at: datetime | None
    reason: str | None

    @classmethod
    def of(cls, request: ExtensionRequest) -> "ExtensionOut":
        return cls(**{name: getattr(request, name) for name in cls.model_fields})


def routes(policies: Policies[Policy]) -> Router:
    """The routes beside a deal's close."""
    router = Router(prefix="/v1", tags=["deals"])
    _add_extensions(router, policies)
    _add_partners_word(router, policies)
    return router


def _add_extensions(router: Router, policies: Policies[Policy]) -> None:
    @router.post("/deals/{deal_id}/extend")
    async def extend_deal(one: OneDeal, uow: Uow, caller: Manager, response: Response) -> m.DealOut:
        """Prolong protection that still holds, as often as the programme allows; this grants what was asked for."""
        policy = (await policies.at(uow, uow.now))[1]
        return shown(await extend(uow, one, by=caller.subject, policy=policy), uow, response)

    @router.post("/deals/{deal_id}/request-extension")
    async def request_extension(one: OneDeal, body: AskExtensionIn, uow: Uow, _: Writer, response: Response) -> m.DealOut:
        """Ask for more time; made before protection ends, the request keeps it until the decision."""
        policy = (await policies.at(uow, uow.now))[1]
        return shown(await ask_extension(uow, one, evidence=body.evidence, policy=policy), uow, response)

    @router.post("/deals/{deal_id}/decline-extension")
    async def decline_deal_extension(one: OneDeal, body: m.ReasonIn, uow: Uow, caller: Manager, response: Response) -> m.DealOut:
        """No more time; the partner reads the reason."""
        return shown(await decline_extension(uow, one, by=caller.subject, reason=body.reason), uow, response)

    @router.get("/extensions")
    async def list_extensions(
        uow: Uow, caller: Reader, paging: PageQuery, deal_id: UUID | None = None, state: Annotated[str | None, Query(max_length=20)] = None
    ) -> Page[ExtensionOut]:
        """Extensions that were asked for, oldest first; a partner sees its own."""
        after = paging.after(UUID)
        found = await extensions.listed(
            uow, deal_id=deal_id, state=state, partner_id=caller.partner_id, after=after[0] if after else None, limit=paging.limit + 1
        )
        return paging.page(found, view=ExtensionOut.of, key=lambda each: (each.id,))


def _add_partners_word(router: Router, policies: Policies[Policy]) -> None:
    @router.post("/deals/{deal_id}/stage")
    async def tell_stage(one: OneDeal, body: StageIn, uow: Uow, _: Writer, response: Response) -> m.DealOut:
        """Tell where the sale stands. A registration of which nothing is heard may lose its protection early."""
        policy = (await policies.at(uow, uow.now))[1]
        return shown(await move_stage(uow, one, stage=body.stage, policy=policy), uow, response)

    @router.post("/deals/{deal_id}/resubmit")
    async def resubmit_deal(one: OneDeal, body: ResubmitIn, uow: Uow, caller: Writer, response: Response) -> m.DealOut:
        """Answer what was asked and submit the registration again."""
        policy = (await policies.at(uow, uow.now))[1]
        return shown(await resubmit(uow, one, body.answered(), by=caller.subject, policy=policy), uow, response)
