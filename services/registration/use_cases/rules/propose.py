"""File a rule change: a patch of the policy that would be valid as it stands now."""

from uuid import UUID

from pydantic import ValidationError

from services.registration.domain.conflicts.conflict import Said
from services.registration.domain.conflicts.proposals import Body, Proposal, check_patch
from services.registration.domain.conflicts.refusals import RuleInvalid
from services.registration.domain.deals.business_hours import HoursInvalid
from services.registration.domain.deals.territories import TreeInvalid
from services.registration.domain.merge_patch import merged
from services.registration.policy import Policy
from services.registration.store import policy_versions, rule_proposals
from services.registration.use_cases.rules.usable import check_usable
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import Refused
from shared.chassis.ids import new_id


async def propose(uow: UnitOfWork, patch: Body, *, said: Said, conflict_id: UUID | None = None) -> Proposal:
    """Raises RuleInvalid."""
    patched(await policy_versions.body_at(uow, uow.now), patch)
    proposal = Proposal(id=new_id(), patch=patch, proposed=said, conflict_id=conflict_id)
    await rule_proposals.add(uow, proposal)
    return proposal


def patched(body: Body, patch: Body) -> tuple[Body, Policy]:
    """The changed document and how the service reads it. Raises RuleInvalid."""
    check_patch(patch, known=frozenset(Policy.model_fields))
    changed = merged(body, patch)
    try:
        policy = Policy.model_validate(changed)
        check_usable(policy)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise RuleInvalid(reason=f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except (TreeInvalid, HoursInvalid) as error:
        raise RuleInvalid(reason=str(error)) from error
    except Refused as error:
        raise RuleInvalid(reason=error.message) from error
    return changed, policy
