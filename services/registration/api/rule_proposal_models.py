"""What rule-change proposals read and answer over HTTP."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, Field

from services.registration.api.request_body import RequestBody
from services.registration.domain.conflicts.conflict import Kind
from services.registration.domain.conflicts.proposals import Proposal, RuleProposalState
from services.registration.domain.conflicts.trial import Blocked, PastConflict, Trial
from shared.chassis.http import Instant

Words = Annotated[str, Field(min_length=1, max_length=4_000)]
Patch = Annotated[dict[str, Any], Field(max_length=50, examples=[{"cool_off_days": 30}])]


class NewProposal(RequestBody):
    """A change of the rules as a JSON merge patch of the policy, and why."""

    patch: Patch
    reason: Words


class TrialIn(RequestBody):
    """Over which registrations it is tried: `[since, until)`; without `until`, up to now."""

    since: Instant
    until: Instant | None = None


class SwitchIn(RequestBody):
    """From when on it holds, and why; without a time, from now on."""

    effective_from: Instant | None = None
    reason: Words


class ProposalDeclineIn(RequestBody):
    """Why it will not be."""

    reason: Words


class ProposalOut(BaseModel):
    """A proposed rule change; `policy_version` is what it became."""

    id: UUID
    conflict_id: UUID | None
    patch: dict[str, Any]
    reason: str
    proposed_at: datetime
    proposed_by: str
    state: RuleProposalState
    settled_reason: str | None
    settled_at: datetime | None
    settled_by: str | None
    policy_version: int | None
    effective_from: datetime | None
    version: int

    @classmethod
    def of(cls, proposal: Proposal) -> Self:
        said, settled = proposal.proposed, proposal.settled
        return cls(
            **{name: getattr(proposal, name) for name in _SAME},
            reason=said.text,
            proposed_at=said.at,
            proposed_by=said.by,
            settled_reason=settled and settled.text,
            settled_at=settled and settled.at,
            settled_by=settled and settled.by,
        )


_SAME = ("id", "conflict_id", "patch", "state", "policy_version", "effective_from", "version")


class PreventedOut(BaseModel):
    """A past conflict that would not have been."""

    kind: Kind
    deal_ids: tuple[UUID, ...]

    @classmethod
    def of(cls, conflict: PastConflict) -> Self:
        return cls(kind=conflict.kind, deal_ids=conflict.deal_ids)


class BlockedOut(BaseModel):
    """A deal that was accepted, or credited when it was won, and would have been refused with `code`.

    Honest: it was won, or no conflict was about it.
    """

    deal_id: UUID
    partner_id: UUID
    account_name: str
    registered_at: datetime
    state: str
    code: str
    honest: bool

    @classmethod
    def of(cls, blocked: Blocked) -> Self:
        deal = blocked.deal
        same = {name: getattr(deal, name) for name in ("partner_id", "account_name", "registered_at")}
        return cls(**same, deal_id=deal.id, state=deal.state.value, code=blocked.code, honest=blocked.honest)


class TrialOut(BaseModel):
    """How the rules would have done over the period; nothing was changed by asking."""

    since: datetime
    until: datetime
    deals: int
    conflicts: int
    prevented: int
    honest_blocked: int
    prevented_conflicts: list[PreventedOut]
    blocked_deals: list[BlockedOut]
    uncredited_deals: list[BlockedOut] = Field(description="won after the end of their protection, and not credited under these rules")

    @classmethod
    def of(cls, trial: Trial, *, since: datetime, until: datetime) -> Self:
        return cls(
            since=since,
            until=until,
            deals=trial.deals,
            conflicts=len(trial.conflicts),
            prevented=len(trial.prevented),
            honest_blocked=len(trial.honest_blocked),
            prevented_conflicts=[PreventedOut.of(each) for each in trial.prevented],
            blocked_deals=[BlockedOut.of(each) for each in trial.blocked],
            uncredited_deals=[BlockedOut.of(each) for each in trial.uncredited],
        )
