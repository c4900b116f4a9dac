"""Proposed rule changes over HTTP: filed, tried over history, switched on by somebody else, or declined."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Response

from services.registration.api import rule_proposal_models as m
from services.registration.domain.conflicts.conflict import Said
from services.registration.domain.conflicts.proposals import Proposal, RuleProposalState
from services.registration.policy import Policy
from services.registration.store import rule_proposals as store
from services.registration.use_cases.change import Expects
from services.registration.use_cases.rules.propose import propose
from services.registration.use_cases.rules.settle import decline, switch_on
from services.registration.use_cases.rules.try_out import try_out
from shared.chassis.http import IfMatch, Page, PageQuery, Principal, Router, Uow, etag, requires
from shared.chassis.policies import Policies

Keeper = Annotated[Principal, requires("rules:admin")]


def routes(policies: Policies[Policy]) -> Router:
    """The routes of proposals."""
    router = Router(prefix="/v1/rule-proposals", tags=["rule proposals"])
    _add_filing(router)
    _add_trying(router, policies)
    _add_settling(router)
    return router


def _expected(if_match: IfMatch) -> Expects:
    """What is settled is what was read: the ETag has to be named."""
    return partial(if_match.expects, required=True)


def _shown(proposal: Proposal, response: Response) -> m.ProposalOut:
    etag(response, proposal.version)
    return m.ProposalOut.of(proposal)


def _add_filing(router: Router) -> None:
    @router.get("")
    async def list_proposals(uow: Uow, _: Keeper, paging: PageQuery, state: RuleProposalState | None = None) -> Page[m.ProposalOut]:
        """Proposals, oldest first."""
        after = paging.after(UUID)
        found = await store.listed(uow, state=state, after=after[0] if after else None, limit=paging.limit + 1)
        return paging.page(found, view=m.ProposalOut.of, key=lambda proposal: (proposal.id,))

    @router.post("", status_code=201)
    async def file_proposal(body: m.NewProposal, uow: Uow, actor: Keeper, response: Response) -> m.ProposalOut:
        """Propose a rule change; it rules nothing until somebody else switches it on."""
        filed = await propose(uow, body.patch, said=Said(body.reason, uow.now, actor.subject))
        response.headers["Location"] = f"v1/rule-proposals/{filed.id}"
        return _shown(filed, response)

    @router.get("/{proposal_id}")
    async def read_proposal(proposal_id: UUID, uow: Uow, _: Keeper, response: Response) -> m.ProposalOut:
        """One proposal, with its ETag."""
        return _shown(await store.one(uow, proposal_id), response)


def _add_trying(router: Router, policies: Policies[Policy]) -> None:
    @router.post("/{proposal_id}/try")
    async def try_proposal(proposal_id: UUID, body: m.TrialIn, uow: Uow, _: Keeper) -> m.TrialOut:
        """Register the deals on record once more under the proposed rules: which conflicts would not have been, which deals neither."""
        policy = (await policies.at(uow, uow.now))[1]
        until = body.until or uow.now
        trial = await try_out(uow, proposal_id, since=body.since, until=until, policy=policy)
        return m.TrialOut.of(trial, since=body.since, until=until)


def _add_settling(router: Router) -> None:
    @router.post("/{proposal_id}/switch-on")
    async def switch_proposal_on(
        proposal_id: UUID, body: m.SwitchIn, uow: Uow, actor: Keeper, if_match: IfMatch, response: Response
    ) -> m.ProposalOut:
        """Make it the policy's next version from a time on. Who proposed it cannot."""
        said, start = Said(body.reason, uow.now, actor.subject), body.effective_from or uow.now
        return _shown(await switch_on(uow, proposal_id, said=said, effective_from=start, expects=_expected(if_match)), response)

    @router.post("/{proposal_id}/decline")
    async def decline_proposal(
        proposal_id: UUID, body: m.ProposalDeclineIn, uow: Uow, actor: Keeper, if_match: IfMatch, response: Response
    ) -> m.ProposalOut:
        """It will not be, and why."""
        said = Said(body.reason, uow.now, actor.subject)
        return _shown(await decline(uow, proposal_id, said=said, expects=_expected(if_match)), response)
