"""The line of those who came second: where each stands, and who stands in it twice once two accounts are one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.registration.domain.deals.protection import Board, Scope, instant
from services.registration.domain.values import PartnerId
from shared.chassis.money import Money


class Place(StrEnum):
    """Where somebody stands in the line."""

    WAITING = "waiting"
    OFFERED = "offered"
    TAKEN = "taken"
    LAPSED = "lapsed"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One who waits for `scope`, with what a registration of it needs.

    `version` counts what its partner was told of it: its refusal first.
    """

    id: UUID
    partner_id: PartnerId
    account_name: str
    country: str | None
    scope: Scope
    territory: str
    evidence: str | None
    expected: Money | None
    place: Place
    joined_at: datetime
    offered_until: datetime | None = None
    deal_id: UUID | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class Look:
    """When to look at a place next, and whether its account was free while the programme kept no list."""

    at: datetime
    kept_back: bool = False


AGAIN = timedelta(hours=1)
"""When to look again at what is free and cannot be offered: for too short a time, or while no list is kept."""


def next_look(one: Waiting, board: Board, *, now: datetime, listed: bool) -> Look:
    """When the first of those who hold what `one` waits for is to end, as far as is known now."""
    holders = board.holders(one.scope, instant(now))
    return Look(min(slot.window.end for slot in holders)) if holders else Look(now + AGAIN, kept_back=not listed)


def twice(line: Iterable[Waiting]) -> dict[UUID, UUID]:
    """Which places in the lines of two accounts end as these become one, each with the same partner's place for the same that stays.

    That is the one that is offered already, else the first to come.
    """
    stays: dict[tuple[object, ...], UUID] = {}
    ends: dict[UUID, UUID] = {}
    for one in sorted(line, key=lambda one: (one.place is not Place.OFFERED, one.joined_at, one.id)):
        stayed = stays.setdefault((one.partner_id, one.scope.families, one.scope.path), one.id)
        if stayed != one.id:
            ends[one.id] = stayed
    return ends
