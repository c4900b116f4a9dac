"""Decide a conflict: the decision, what it does to the deal, and what every side is told, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.registration.domain.conflicts import decisions
from services.registration.domain.conflicts.conflict import (
    Clause,
    Conflict,
    ConflictOutcome,
    ConflictStep,
    Ruling,
    Said,
    Side,
    affected,
    decide,
)
from services.registration.domain.conflicts.proposals import has_path
from services.registration.domain.conflicts.refusals import ClauseUnknown, DealNotConcerned, NotASide, RulingInvalid
from services.registration.domain.deals.deal import Deal
from services.registration.domain.refusals import PartnerInactive, PartnerUnknown
from services.registration.domain.values import Credit, DealId, PartnerId, Standing, State, sole_credit
from services.registration.mapping.conflicts import decided as decided_event
from services.registration.policy import Policy
from services.registration.store import accounts, conflicts, deals, extensions, handover, partners, policy_versions, slots
from services.registration.use_cases.change import kind_of_registrant, settle
from services.registration.use_cases.conflicts.inherit import inherit
from services.registration.use_cases.conflicts.step import OneConflict, load
from services.registration.use_cases.coselling.call_off import end_with_registrant
from services.registration.use_cases.publish import publish
from shared.chassis.database import UnitOfWork

SECTION = "registration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What staff decides: `deal_id` for all but `uphold`, `to` for `reassign`, `credits` for `split`."""

    outcome: ConflictOutcome
    clause: Clause
    reason: str
    deal_id: DealId | None = None
    to: PartnerId | None = None
    credits: tuple[Credit, ...] = ()


async def decide_conflict(uow: UnitOfWork, one: OneConflict, decision: Decision, *, policy: Policy) -> Conflict:
    """Locks are taken as everywhere: deals, accounts, quotas, and before them conflicts, which nothing else takes after a deal.

    Raises what `decide` and `load` raise, ClauseUnknown, RulingInvalid, DealNotConcerned, NotASide, PartnerInactive, and what the
    domain's decisions raise.
    """
    moving = decision.deal_id if decision.outcome is ConflictOutcome.REASSIGN else None
    others = await conflicts.hold_about(uow, one.conflict_id, moving) if moving else []
    conflict, sides = await load(uow, one)
    ruling = _ruling(decision, Said(decision.reason, uow.now, one.by), sides)
    done = decide(conflict, ruling, limits=policy.conflict_limits)
    await _check_clause(uow, ruling.clause)
    before, corrected = await _carry_out(uow, ruling, others)
    won = before is not None and before.state is State.WON
    after = [affected(side, ruling, won=won, registrant=before.partner_id if before else None) for side in sides]
    await conflicts.record_step(uow, done.id, ConflictStep.DECIDE, ruling.said)
    await conflicts.save(uow, done, after)
    for side in after:
        if side.partner_id is not None:
            uow.emit(decided_event(side, side.partner_id, ruling, now=uow.now, corrected=corrected), sequence=side.version)
    return done


def _ruling(decision: Decision, said: Said, sides: list[Side]) -> Ruling:
    """The decision as it will stand. Raises RulingInvalid, DealNotConcerned, NotASide."""
    given = {name for name in ("deal_id", "to", "credits") if getattr(decision, name)}
    wanted = _WANTED[decision.outcome]
    if given != wanted:
        raise RulingInvalid(reason=f"{decision.outcome.value} takes {', '.join(sorted(wanted)) or 'nothing more'}")
    if decision.deal_id and not any(decision.deal_id in side.deal_ids for side in sides):
        raise DealNotConcerned
    among = {side.partner_id for side in sides}
    for partner in (*((decision.to,) if decision.to else ()), *(credit.partner_id for credit in decision.credits)):
        if partner not in among:
            raise NotASide(partner=partner)
    same = {name: getattr(decision, name) for name in ("outcome", "clause", "deal_id", "to", "credits")}
    return Ruling(**same, said=said)


_WANTED: dict[ConflictOutcome, set[str]] = {
    ConflictOutcome.UPHOLD: set(),
    ConflictOutcome.REASSIGN: {"deal_id", "to"},
    ConflictOutcome.SPLIT: {"deal_id", "credits"},
    ConflictOutcome.END_PROTECTION: {"deal_id"},
}


async def _check_clause(uow: UnitOfWork, clause: Clause) -> None:
    """Raises ClauseUnknown. A rule that the document leaves out holds as its default, so it can be cited too."""
    body = await policy_versions.body_of(uow, clause.policy_version)
    if body is not None:
        whole = Policy.model_validate(body).model_dump(mode="json") | body
        if has_path(whole, clause.path, section=SECTION):
            return
    raise ClauseUnknown(version=clause.policy_version, path=clause.path)


async def _carry_out(uow: UnitOfWork, ruling: Ruling, others: Sequence[UUID]) -> tuple[Deal | None, Deal | None]:
    """Do to the deal what was decided; returns the deal as it was before, and as it is now if its won terms were corrected.

    `others` are more conflicts about it, held too, if it goes to another partner.
    """
    if ruling.deal_id is None:
        return None, None
    deal = await deals.one(uow, ruling.deal_id)
    await accounts.lock(uow, [deal.scope.account_id])
    corrected = None
    match ruling.outcome:
        case ConflictOutcome.REASSIGN if deal.state is State.WON and ruling.to:
            corrected = await _change_credit(uow, deal, sole_credit(ruling.to))
        case ConflictOutcome.REASSIGN if ruling.to:
            await inherit(uow, others, await _reassign(uow, deal, ruling.to, reason=ruling.said.text))
        case ConflictOutcome.SPLIT if deal.state is State.WON:
            corrected = await _change_credit(uow, deal, ruling.credits)
        case ConflictOutcome.SPLIT:
            await _check_known(uow, ruling.credits)
            await deals.save(uow, decisions.fix_credit(deal, ruling.credits))
        case _:
            await _end_protection(uow, deal, reason=ruling.said.text)
    return deal, corrected


async def _reassign(uow: UnitOfWork, deal: Deal, to: PartnerId, *, reason: str) -> Deal:
    moved, fact = decisions.reassign(deal, to=to, reason=reason, now=uow.now)
    places = await handover.hold_places(uow, deal.partner_id, to)
    known = await partners.of(uow, [to])
    if to not in places or to not in known or known[to].standing is not Standing.ACTIVE:
        raise PartnerInactive
    await handover.hand_over(uow, moved, former=deal.partner_id)
    await extensions.lapse(uow, [moved.id])  # what becomes of it is not the former partner's to read
    publish(uow, [(moved, fact)])
    await end_with_registrant(uow, moved.id)
    return moved


async def _change_credit(uow: UnitOfWork, deal: Deal, shares: tuple[Credit, ...]) -> Deal:
    amended, fact = decisions.change_credit(deal, shares, now=uow.now)
    kind = await kind_of_registrant(uow, deal.partner_id, amended.closed_terms())
    return await settle(uow, deal, amended, fact, partner_kind=kind)


async def _check_known(uow: UnitOfWork, shares: tuple[Credit, ...]) -> None:
    """Raises PartnerUnknown."""
    wanted = {credit.partner_id for credit in shares}
    if not wanted <= (await partners.of(uow, wanted)).keys():
        raise PartnerUnknown


async def _end_protection(uow: UnitOfWork, deal: Deal, *, reason: str) -> None:
    ended, fact = decisions.end_protection(deal, reason=reason, now=uow.now)
    await slots.end(uow, [deal.id], at=uow.now)
    await extensions.lapse(uow, [deal.id])
    await settle(uow, deal, ended, fact)
