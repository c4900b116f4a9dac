"""Co-selling over HTTP: propose a split, sign it, decline it, leave it; the joint plan."""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from services.registration.api import coselling_models as m
from services.registration.domain.coselling import agreement as life
from services.registration.domain.coselling.agreement import Signer
from services.registration.domain.coselling.joint_plan import PlanStep
from services.registration.domain.coselling.refusals import NothingInForce
from services.registration.domain.values import PartnerId
from services.registration.policy import Policy
from services.registration.store import coselling, shared_deals
from services.registration.use_cases.coselling.plan import OneStep, add_step, move_step, read_plan
from services.registration.use_cases.coselling.propose import propose
from services.registration.use_cases.coselling.sign import act
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import NotFound
from shared.chassis.http import IfMatch, InvalidRequest, Page, PageQuery, Principal, Router, Uow, etag, requires
from shared.chassis.policies import Policies

Reader = Annotated[Principal, requires("coselling:read")]
Writer = Annotated[Principal, requires("coselling:write")]


def routes(policies: Policies[Policy]) -> Router:
    """The routes of co-selling."""
    router = Router(prefix="/v1/coselling", tags=["co-selling"])
    _add_reading(router)
    _add_agreeing(router, policies)
    _add_planning(router)
    return router


def _signer(caller: Principal) -> Signer:
    return PartnerId(caller.partner_id) if caller.partner_id else None


async def _shown(uow: UnitOfWork, agreement_id: UUID, caller: Principal) -> m.AgreementOut:
    """What the caller's own rows tell. Raises NotFound."""
    found = await coselling.seats(uow, [agreement_id], partner_id=caller.partner_id)
    if agreement_id not in found:
        raise NotFound(what="agreement")
    return m.agreement_out(found[agreement_id])


def _step(step: PlanStep, response: Response) -> m.PlanStepOut:
    etag(response, step.version)
    return m.step_out(step)


def _add_reading(router: Router) -> None:
    @router.get("")
    async def list_agreements(uow: Uow, caller: Reader, paging: PageQuery, deal_id: UUID | None = None) -> Page[m.AgreementOut]:
        """Agreements in which the caller takes part, oldest first; the vendor sees all."""
        after = paging.after(UUID)
        ids = await coselling.listed(
            uow, partner_id=caller.partner_id, deal_id=deal_id, after=after[0] if after else None, limit=paging.limit + 1
        )
        found = await coselling.seats(uow, ids, partner_id=caller.partner_id)
        return paging.page([found[each] for each in ids], view=m.agreement_out, key=lambda seats: (seats[0].agreement_id,))

    @router.get("/{agreement_id}")
    async def read_agreement(agreement_id: UUID, uow: Uow, caller: Reader) -> m.AgreementOut:
        """One agreement with its versions. A partner reads those in which it takes part, and who else does."""
        return await _shown(uow, agreement_id, caller)

    @router.get("/{agreement_id}/deal")
    async def read_shared_deal(agreement_id: UUID, uow: Uow, caller: Reader) -> m.SharedDealOut:
        """What the parties know of the deal, for as long as what they have signed is in force."""
        await coselling.check_party(uow, agreement_id)
        deal = await shared_deals.of(uow, agreement_id)
        if deal is None:
            raise NothingInForce
        return m.shared_deal_out(deal)


def _add_agreeing(router: Router, policies: Policies[Policy]) -> None:
    @router.post("", status_code=201)
    async def propose_version(body: m.ProposalIn, uow: Uow, caller: Writer) -> m.AgreementOut:
        """Invite partners to a deal with a full version of the split: its registrant or the vendor does.

        What is in force stays so until all have signed.
        """
        policy = (await policies.at(uow, uow.now))[1]
        agreement = await propose(uow, body.proposal(), policy=policy)
        return await _shown(uow, agreement.id, caller)

    @router.post("/{agreement_id}/sign")
    async def sign_version(agreement_id: UUID, body: m.SignIn, uow: Uow, caller: Writer) -> m.AgreementOut:
        """Sign the document that has this hash. With the last signature it is in force."""
        signer = _signer(caller)
        await act(
            uow,
            agreement_id,
            lambda agreement: life.sign(agreement, body.number, signer=signer, signed_hash=body.hash, by=caller.subject, now=uow.now),
        )
        return await _shown(uow, agreement_id, caller)

    @router.post("/{agreement_id}/decline")
    async def decline_version(agreement_id: UUID, body: m.VersionDeclineIn, uow: Uow, caller: Writer) -> m.AgreementOut:
        """Turn the proposed version down; it is over for all."""
        signer = _signer(caller)
        await act(uow, agreement_id, lambda agreement: life.decline(agreement, body.number, signer=signer, now=uow.now))
        return await _shown(uow, agreement_id, caller)

    @router.post("/{agreement_id}/leave")
    async def leave_agreement(agreement_id: UUID, uow: Uow, caller: Writer) -> m.AgreementOut:
        """Leave what is in force; it ends for all, since the shares would not be one any more."""
        signer = _signer(caller)
        await act(uow, agreement_id, lambda agreement: life.leave(agreement, signer=signer, now=uow.now))
        return await _shown(uow, agreement_id, caller)


def _add_planning(router: Router) -> None:
    @router.get("/{agreement_id}/plan")
    async def read_joint_plan(agreement_id: UUID, uow: Uow, caller: Reader) -> m.PlanOut:
        """The joint plan, for those who have signed what is in force."""
        steps = await read_plan(uow, agreement_id, by=_signer(caller))
        return m.PlanOut(steps=[m.step_out(step) for step in steps])

    @router.post("/{agreement_id}/plan", status_code=201)
    async def add_plan_step(agreement_id: UUID, body: m.NewStep, uow: Uow, caller: Writer, response: Response) -> m.PlanStepOut:
        """Add a step: a party for itself, the vendor for any party."""
        owner = body.partner_id or caller.partner_id
        if owner is None:
            raise InvalidRequest(reason="Name the party (partner_id) that owns the step.")
        by, who = _signer(caller), PartnerId(owner)
        step = await add_step(uow, agreement_id, owner=who, by=by, title=body.title, due_on=body.due_on, notes=body.notes)
        return _step(step, response)

    @router.post("/{agreement_id}/plan/{step_id}")
    async def move_plan_step(
        agreement_id: UUID, step_id: UUID, body: m.PlanStepIn, uow: Uow, caller: Writer, if_match: IfMatch, response: Response
    ) -> m.PlanStepOut:
        """Move a step of one's own."""
        by = _signer(caller)
        one = OneStep(agreement_id, step_id, if_match.expects)
        step = await move_step(uow, one, by=by, state=body.state, due_on=body.due_on, notes=body.notes)
        return _step(step, response)
