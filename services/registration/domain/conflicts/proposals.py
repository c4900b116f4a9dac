"""A proposed change of the rules, filed to prevent the next conflict: tried over history, then switched on or declined."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from services.registration.domain.conflicts.conflict import Said
from services.registration.domain.conflicts.refusals import ProposalSettled, RuleInvalid, RuleStartsInPast, SamePerson
from services.registration.domain.merge_patch import Json
from shared.chassis.values import replace

Body: TypeAlias = dict[str, "Json"]

_LARGEST = 100_000
"""No number of a rule is larger: days beyond it reach past the end of the calendar."""


class RuleProposalState(StrEnum):
    """Where a proposal stands; the last two are for good."""

    PROPOSED = "proposed"
    SWITCHED_ON = "switched_on"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """`patch` changes the policy as a JSON merge patch does. `policy_version` is what it became, from `effective_from` on."""

    id: UUID
    patch: Body
    proposed: Said
    conflict_id: UUID | None = None
    state: RuleProposalState = RuleProposalState.PROPOSED
    settled: Said | None = None
    policy_version: int | None = None
    effective_from: datetime | None = None
    version: int = 1


def has_path(body: Mapping[str, Json], path: str, *, section: str) -> bool:
    """Whether a clause such as `registration.extension.days` stands in the body of that section."""
    first, *steps = path.split(".")
    here: Json = dict(body)
    for step in steps:
        if not isinstance(here, dict) or step not in here:
            return False
        here = here[step]
    return first == section and bool(steps)


def check_patch(patch: Body, *, known: frozenset[str]) -> None:
    """Raises RuleInvalid for a patch that changes nothing, or what no rule reads, or holds numbers beyond reason."""
    if not patch:
        raise RuleInvalid(reason="it changes nothing")
    if strange := sorted(set(patch) - known):
        raise RuleInvalid(reason=f"there is no rule named {strange[0][:100]}")
    if any(abs(number) > _LARGEST for number in _numbers(patch)):
        raise RuleInvalid(reason="a number is too large")


def _numbers(value: Json) -> list[float]:
    if isinstance(value, bool):
        return []
    if isinstance(value, int | float):
        return [value]
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [number for each in inner for number in _numbers(each)]


def check_proposed(proposal: Proposal) -> None:
    """Raises ProposalSettled."""
    if proposal.state is not RuleProposalState.PROPOSED:
        raise ProposalSettled(state=proposal.state.value.replace("_", " "))


def check_switch(proposal: Proposal, said: Said, *, effective_from: datetime) -> None:
    """Raises ProposalSettled, SamePerson, RuleStartsInPast."""
    check_proposed(proposal)
    if said.by == proposal.proposed.by:
        raise SamePerson
    if effective_from < said.at:
        raise RuleStartsInPast


def switched_on(proposal: Proposal, said: Said, *, policy_version: int, effective_from: datetime) -> Proposal:
    """It is the policy's next version."""
    return replace(
        proposal,
        state=RuleProposalState.SWITCHED_ON,
        settled=said,
        policy_version=policy_version,
        effective_from=effective_from,
        version=proposal.version + 1,
    )


def declined(proposal: Proposal, said: Said) -> Proposal:
    """It will not be. Raises ProposalSettled."""
    check_proposed(proposal)
    return replace(proposal, state=RuleProposalState.DECLINED, settled=said, version=proposal.version + 1)
