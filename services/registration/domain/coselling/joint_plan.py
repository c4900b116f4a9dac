"""The joint plan of a signed agreement: steps, each owned by one party, which alone (or the vendor) moves it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.registration.domain.coselling import refusals as no
from services.registration.domain.coselling.agreement import Agreement, Signer, VersionState
from services.registration.domain.values import PartnerId
from shared.chassis.values import replace

StepId = NewType("StepId", UUID)


class StepState(StrEnum):
    PLANNED = "planned"
    UNDER_WAY = "under_way"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """What one party will have done by the end of `due_on` (UTC). `version` counts its changes from 1."""

    id: StepId
    agreement_id: UUID
    owner: PartnerId
    title: str
    due_on: date
    state: StepState = StepState.PLANNED
    notes: str | None = None
    version: int = 1
    overdue_told: bool = False


def check_reader(agreement: Agreement, *, by: Signer) -> None:
    """Whether `by` may read the plan: the vendor, or a party of what is in force. Raises NothingInForce, NoSide."""
    parties = _parties(agreement)
    if by is not None and by not in parties:
        raise no.NoSide


def is_shown(agreement: Agreement, step: PlanStep, *, by: Signer) -> bool:
    """Whether a reader sees the step. The vendor does in any case.

    What somebody planned who takes part no more is not for the others: the deal may be another partner's by now.
    """
    return by is None or step.owner in _parties(agreement)


def check_owner(agreement: Agreement, owner: PartnerId, *, by: Signer) -> None:
    """Whether `by` may plan for `owner`. Raises NothingInForce, NoSide, StepOfOther."""
    check_reader(agreement, by=by)
    if owner not in _parties(agreement):
        raise no.NoSide
    if by is not None and by != owner:
        raise no.StepOfOther


def _parties(agreement: Agreement) -> frozenset[PartnerId]:
    version = agreement.in_state(VersionState.IN_FORCE)
    if version is None:
        raise no.NothingInForce
    return frozenset(party.partner_id for party in version.parties)


def move(step: PlanStep, *, state: StepState, due_on: date, notes: str | None) -> PlanStep:
    """The step as it is now; with a later date it may be overdue again."""
    told = step.overdue_told and due_on <= step.due_on
    return replace(step, state=state, due_on=due_on, notes=notes, version=step.version + 1, overdue_told=told)
