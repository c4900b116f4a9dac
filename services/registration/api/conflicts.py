"""Conflicts over HTTP: opened, looked at and proven by the sides, taken through their steps by staff."""

from datetime import date, datetime
from fractions import Fraction
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from services.registration.api import conflict_models as m
from services.registration.domain.conflicts.conflict import Clause, Conflict, ConflictState, Kind
from services.registration.domain.conflicts.refusals import StepOutOfOrder
from services.registration.domain.refusals import SplitsNotOne, StaffOnly
from services.registration.domain.values import Credit, DealId, PartnerId
from services.registration.policy import Policy
from services.registration.store import conflict_papers, conflicts
from services.registration.use_cases.conflicts import evidence as proving
from services.registration.use_cases.conflicts.communicate import communicate
from services.registration.use_cases.conflicts.decide import Decision, decide_conflict
from services.registration.use_cases.conflicts.open import Opening, open_by_person
from services.registration.use_cases.conflicts.prevent import prevent
from services.registration.use_cases.conflicts.step import WORDS_ALONE, OneConflict, add_side, take_step
from shared.chassis.errors import NotFound
from shared.chassis.http import IfMatch, InvalidRequest, Page, PageQuery, Principal, Router, Uow, etag, requires
from shared.chassis.policies import Policies

Reader = Annotated[Principal, requires("conflicts:read")]
Writer = Annotated[Principal, requires("conflicts:write")]
Staff = Annotated[Principal, requires("conflicts:admin")]


def one_conflict(conflict_id: UUID, if_match: IfMatch, actor: Staff) -> OneConflict:
    """The conflict of the path in the version that was read: the ETag has to be named."""
    return OneConflict(conflict_id, actor.subject, partial(if_match.expects, required=True))


One = Annotated[OneConflict, Depends(one_conflict)]


def routes(policies: Policies[Policy]) -> Router:
    """The routes of conflicts."""
    router = Router(prefix="/v1/conflicts", tags=["conflicts"])
    _add_reading(router)
    _add_opening(router, policies)
    _add_papers(router)
    _add_steps(router, policies)
    _add_ends(router, policies)
    return router


async def _whole(uow: Uow, conflict: Conflict, response: Response) -> m.ConflictOut:
    etag(response, conflict.version)
    return m.ConflictOut.whole(conflict, await conflicts.sides_of(uow, conflict.id))


async def _own(uow: Uow, conflict_id: UUID, partner_id: UUID) -> m.ConflictOut:
    seen = await conflicts.sides_seen(uow, partner_id, conflicts.Filter(), conflict_id=conflict_id)
    if not seen:
        raise NotFound(what="conflict")
    return m.ConflictOut.of_side(seen[0])


async def _shown(uow: Uow, conflict_id: UUID, caller: Principal, response: Response) -> m.ConflictOut:
    if caller.partner_id is not None:
        return await _own(uow, conflict_id, caller.partner_id)
    return await _whole(uow, await conflicts.one(uow, conflict_id), response)


def _add_reading(router: Router) -> None:
    @router.get("")
    async def list_conflicts(
        uow: Uow,
        caller: Reader,
        paging: PageQuery,
        state: ConflictState | None = None,
        kind: Kind | None = None,
        escalated: bool | None = None,
    ) -> Page[m.ConflictOut]:
        """Conflicts, oldest first. A partner sees those with a side of its own, by the day, and of each that side alone.

        `escalated` is for staff.
        """
        wanted, limit = conflicts.Filter(state=state, kind=kind, escalated=escalated), paging.limit + 1
        if caller.partner_id is not None:
            last = paging.after(date, UUID)
            seen = await conflicts.sides_seen(uow, caller.partner_id, wanted, after=(last[0], last[1]) if last else None, limit=limit)
            return paging.page(seen, view=m.ConflictOut.of_side, key=lambda each: (each.opened_on, each.side.id))
        after = paging.after(datetime, UUID)
        found = await conflicts.listed(uow, wanted, after=(after[0], after[1]) if after else None, limit=limit)
        sides = await conflicts.sides_of(uow, *(conflict.id for conflict in found))
        return paging.page(found, view=lambda one: m.ConflictOut.whole(one, sides), key=lambda one: (one.opened.at.isoformat(), one.id))

    @router.get("/{conflict_id}")
    async def read_conflict(conflict_id: UUID, uow: Uow, caller: Reader, response: Response) -> m.ConflictOut:
        """One conflict."""
        return await _shown(uow, conflict_id, caller, response)

    @router.get("/{conflict_id}/steps")
    async def list_steps(conflict_id: UUID, uow: Uow, _: Staff) -> list[m.ConflictStepOut]:
        """The steps on record, in their order."""
        await conflicts.one(uow, conflict_id)
        return [m.ConflictStepOut.of(step, said) for step, said in await conflicts.steps_of(uow, conflict_id)]


def _add_opening(router: Router, policies: Policies[Policy]) -> None:
    @router.post("", status_code=201)
    async def open_conflict(body: m.NewConflict, uow: Uow, caller: Writer, response: Response) -> m.ConflictOut:
        """Somebody sees a conflict. A partner opens one about deals of its own."""
        policy = (await policies.at(uow, uow.now))[1]
        opening = Opening(
            kind=body.kind,
            deal_ids=tuple(DealId(deal_id) for deal_id in body.deal_ids),
            note=body.text,
            direct_sales=body.kind is Kind.DIRECT_SALES,
            by=caller.subject,
        )
        opened = await open_by_person(uow, opening, policy=policy)
        response.headers["Location"] = f"v1/conflicts/{opened.id}"
        return await _shown(uow, opened.id, caller, response)

    @router.post("/{conflict_id}/sides", status_code=201)
    async def add_to_sides(one: One, body: m.SideIn, uow: Uow, response: Response) -> m.ConflictOut:
        """A deal is concerned too, or a partner without one."""
        changed = await add_side(uow, one, deal_id=body.deal_id, partner_id=body.partner_id)
        return await _whole(uow, changed, response)


def _add_papers(router: Router) -> None:
    @router.get("/{conflict_id}/evidence")
    async def list_evidence(conflict_id: UUID, uow: Uow, caller: Reader, paging: PageQuery, response: Response) -> Page[m.EvidenceOut]:
        """Evidence: a partner sees its own and what staff shares with it."""
        await _shown(uow, conflict_id, caller, response)
        after = paging.after(UUID)
        found = await conflict_papers.evidence(uow, conflict_id, after=after[0] if after else None, limit=paging.limit + 1)
        staff = caller.partner_id is None
        return paging.page(found, view=lambda each: m.EvidenceOut.of(each, staff=staff), key=lambda each: (each.id,))

    @router.post("/{conflict_id}/evidence", status_code=201)
    async def give_evidence(conflict_id: UUID, body: m.EvidenceIn, uow: Uow, caller: Writer) -> m.EvidenceOut:
        """File evidence for your side; staff files it for itself, or to be shared with one side."""
        piece = proving.Piece(body.kind, body.reference, body.note)
        if caller.partner_id is None:
            return m.EvidenceOut.of(await proving.share(uow, conflict_id, piece, side_id=body.side_id, by=caller.subject), staff=True)
        if body.side_id is not None:
            raise StaffOnly(field="side_id")
        given = await proving.give(uow, conflict_id, piece, partner_id=caller.partner_id, by=caller.subject)
        return m.EvidenceOut.of(given, staff=False)

    @router.get("/{conflict_id}/letter")
    async def read_letter(conflict_id: UUID, uow: Uow, caller: Reader, response: Response, side_id: UUID | None = None) -> m.LetterOut:
        """The letter to your side; staff names the side."""
        await _shown(uow, conflict_id, caller, response)
        if caller.partner_id is None and side_id is None:
            raise InvalidRequest(reason="Name the side (side_id) whose letter you want.")
        found = [each for each in await conflict_papers.letters(uow, conflict_id) if side_id in (None, each.side_id)]
        if not found:
            raise NotFound(what="side")
        return m.LetterOut.of(found[0])


def _add_steps(router: Router, policies: Policies[Policy]) -> None:
    @router.post("/{conflict_id}/steps")
    async def record_step(one: One, body: m.ConflictStepIn, uow: Uow, response: Response) -> m.ConflictOut:
        """Identify, investigate or mediate is done; the next step is due."""
        if body.step not in WORDS_ALONE:
            current = await conflicts.one(uow, one.conflict_id)
            raise StepOutOfOrder(step=current.step.value)
        policy = (await policies.at(uow, uow.now))[1]
        return await _whole(uow, await take_step(uow, one, body.step, text=body.text, policy=policy), response)

    @router.post("/{conflict_id}/decide")
    async def decide(one: One, body: m.ConflictDecisionIn, uow: Uow, response: Response) -> m.ConflictOut:
        """Decide, with what it does to the deal and what each side is told, all at once."""
        policy = (await policies.at(uow, uow.now))[1]
        return await _whole(uow, await decide_conflict(uow, one, _decision(body), policy=policy), response)


def _decision(body: m.ConflictDecisionIn) -> Decision:
    return Decision(
        outcome=body.outcome,
        clause=Clause(body.policy_version, body.clause),
        reason=body.reason,
        deal_id=DealId(body.deal_id) if body.deal_id else None,
        to=PartnerId(body.to_partner_id) if body.to_partner_id else None,
        credits=tuple(Credit(PartnerId(credit.partner_id), _share(credit.share)) for credit in body.credits),
    )


def _share(text: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise SplitsNotOne(total="no number") from error


def _add_ends(router: Router, policies: Policies[Policy]) -> None:
    @router.post("/{conflict_id}/communicate")
    async def communicate_decision(one: One, body: m.CommunicationIn, uow: Uow, response: Response) -> m.ConflictOut:
        """Write each side its letter."""
        policy = (await policies.at(uow, uow.now))[1]
        words = {each.side_id: each.text for each in body.words}
        return await _whole(uow, await communicate(uow, one, text=body.text, words=words, policy=policy), response)

    @router.post("/{conflict_id}/prevent")
    async def prevent_next(one: One, body: m.PreventionIn, uow: Uow, response: Response) -> m.ConflictOut:
        """Propose a rule change that prevents the next one, or say why there is none; the conflict is closed."""
        policy = (await policies.at(uow, uow.now))[1]
        closed, filed = await prevent(uow, one, text=body.text, patch=body.patch, policy=policy)
        if filed is not None:
            response.headers["Location"] = f"v1/rule-proposals/{filed.id}"
        return await _whole(uow, closed, response)
