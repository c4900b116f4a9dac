"""Switch a proposed rule on as the policy's next version, or decline it."""

from datetime import datetime
from uuid import UUID

from services.registration.domain.conflicts.conflict import Said
from services.registration.domain.conflicts.proposals import Proposal, check_switch, declined, switched_on
from services.registration.domain.conflicts.refusals import RuleInvalid
from services.registration.store import policy_versions, rule_proposals
from services.registration.use_cases.change import Expects
from services.registration.use_cases.rules.propose import patched
from shared.chassis.database import UnitOfWork


async def switch_on(uow: UnitOfWork, proposal_id: UUID, *, said: Said, effective_from: datetime, expects: Expects) -> Proposal:
    """The rules in force at that time with the change, from then on. The proposal is locked first and the policy second.

    Raises NotFound, RuleInvalid, what `expects` and what `check_switch` raises.
    """
    proposal = await rule_proposals.one(uow, proposal_id, lock=True)
    expects(proposal.version)
    check_switch(proposal, said, effective_from=effective_from)
    await policy_versions.lock(uow)
    if (later := await policy_versions.last_start(uow)) > effective_from:
        raise RuleInvalid(reason=f"another version of the rules starts after it, on {later.isoformat()}, and would undo it")
    body, _ = patched(await policy_versions.body_at(uow, effective_from), proposal.patch)
    version = await policy_versions.record(uow, body, effective_from=effective_from, by=said.by, reason=said.text)
    settled = switched_on(proposal, said, policy_version=version, effective_from=effective_from)
    await rule_proposals.save(uow, settled)
    return settled


async def decline(uow: UnitOfWork, proposal_id: UUID, *, said: Said, expects: Expects) -> Proposal:
    """It will not be. Raises NotFound, ProposalSettled and what `expects` raises."""
    proposal = await rule_proposals.one(uow, proposal_id, lock=True)
    expects(proposal.version)
    settled = declined(proposal, said)
    await rule_proposals.save(uow, settled)
    return settled
