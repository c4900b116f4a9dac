"""Try a proposed rule over history: the deals on record, registered once more under it. Nothing is written."""

from datetime import datetime
from uuid import UUID

from services.registration.domain.conflicts.refusals import TrialTooLarge
from services.registration.domain.conflicts.trial import Rules, Trial, compare
from services.registration.policy import Policy
from services.registration.store import conflicts, partners, policy_versions, rule_proposals
from services.registration.use_cases.rules.propose import patched
from services.registration.use_cases.rules.triable import check_triable, freed_domains, identifying
from shared.chassis.database import UnitOfWork

LIMIT = 20_000


async def try_out(uow: UnitOfWork, proposal_id: UUID, *, since: datetime, until: datetime, policy: Policy) -> Trial:
    """Compare the rules in force with the proposed ones over `[since, until)`.

    Raises NotFound, RuleInvalid, RuleNotTriable, TrialTooLarge.
    """
    proposal = await rule_proposals.one(uow, proposal_id)
    _, proposed = patched(await policy_versions.body_at(uow, uow.now), proposal.patch)
    check_triable(policy, proposed)
    if named := await rule_proposals.naming_domain(uow, freed_domains(policy, proposed)):
        raise identifying(named)
    cool_off = max(policy.cool_off, proposed.cool_off)
    history = await rule_proposals.history(uow, since=since, until=until, cool_off=cool_off, limit=LIMIT + 1)
    if len(history) > LIMIT:
        raise TrialTooLarge(limit=LIMIT)
    known = await partners.of(uow, {partner for deal in history for partner in (deal.partner_id, deal.reassigned_from) if partner})
    kinds = {partner: one.kind for partner, one in known.items()}
    cases = await conflicts.cases(uow, since=since, until=until)
    return compare(history, cases, kinds, now=rules_of(policy), then=rules_of(proposed), since=since)


def rules_of(policy: Policy) -> Rules:
    """The policy as far as it decides who may register, and who is credited for a win."""
    return Rules(
        exclusivity=policy.opportunity_exclusivity,
        protection=policy.protection,
        extension=policy.extension.by,
        extensions=policy.extension.times,
        credit=policy.credit_after_expiry,
        cool_off=policy.cool_off,
        limit=policy.open_registrations_limit,
        territories=policy.tree,
        assignment=policy.partner_territories.assignment,
    )
