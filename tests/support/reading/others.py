"""Places in line, leads and sides of conflicts, folded from their facts."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from shared.schemas import conflicts, leads, waiting
from shared.schemas.base import MoneyAmount
from shared.schemas.deals import DealDuplicateRefused

_STATES = {waiting.WaitingEnd.ACCEPTED: "taken", waiting.WaitingEnd.OFFER_LAPSED: "lapsed"}


@dataclass(frozen=True)
class Place:
    """A place in the line of an account; `version` counts what its partner was told of it."""

    partner: UUID
    account_name: str
    families: tuple[str, ...]
    territory: str
    state: str = "waiting"
    offered_until: datetime | None = None
    deal: UUID | None = None
    version: int = 1


def place(before: Place | None, fact: DealDuplicateRefused | waiting.WaitingFact) -> Place:
    if before is None:
        assert isinstance(fact, DealDuplicateRefused), fact
        return Place(fact.partner_id, fact.account_name, fact.families, fact.territory)
    base = replace(before, version=before.version + 1, offered_until=None)
    match fact:
        case waiting.AccountOffered():
            return replace(base, state="offered", offered_until=fact.offered_until)
        case waiting.AccountOfferWithdrawn():
            return replace(base, state="waiting")
        case waiting.AccountWaitingEnded():
            return replace(base, state=_STATES.get(fact.reason, "left"), deal=fact.deal_id)
        case _:
            raise AssertionError(fact)


@dataclass(frozen=True)
class Lead:
    partner: UUID
    direction: str
    name: str
    country: str | None
    families: tuple[str, ...]
    territory: str | None
    expected: MoneyAmount | None
    answer_by: datetime
    state: str = "shared"
    version: int = 1
    reminded: bool = False
    convert_by: datetime | None = None
    overdue: bool = False
    deal: UUID | None = None


_LEADS: dict[type[leads.LeadEvent], str] = {
    leads.LeadDeclined: "declined",
    leads.LeadWithdrawn: "withdrawn",
    leads.LeadLost: "lost",
    leads.LeadGivenBack: "given_back",
}


def lead(before: Lead | None, fact: leads.LeadEvent) -> Lead:
    if before is None:
        assert isinstance(fact, leads.LeadShared), fact
        told = (fact.account_name, fact.country, fact.families, fact.territory, fact.expected, fact.answer_by)
        return Lead(fact.partner_id, fact.direction.value, *told)
    now = replace(before, version=before.version + 1)
    match fact:
        case leads.LeadReminded():
            return replace(now, reminded=True)
        case leads.LeadAccepted():
            return replace(now, state="accepted", convert_by=fact.convert_by)
        case leads.LeadAged(missed=leads.Missed.ANSWER):
            return replace(now, state="aged")
        case leads.LeadAged():
            return replace(now, overdue=True)
        case leads.LeadConverted():
            return replace(now, state="converted", deal=fact.deal_id)
        case _:
            return replace(now, state=_LEADS[type(fact)])


@dataclass(frozen=True)
class Side:
    """One partner's side of a conflict; `version` counts what it was told."""

    conflict: UUID
    partner: UUID
    deals: frozenset[UUID]
    kind: str
    state: str = "open"
    effect: str | None = None
    share: str | None = None
    has_letter: bool = False
    version: int = 1


def side(before: Side | None, fact: conflicts.ConflictFact) -> Side:
    if isinstance(fact, conflicts.ConflictOpened):  # told again when a deal more is concerned
        fresh = Side(fact.conflict_id, fact.partner_id, frozenset(fact.deal_ids), fact.kind)
        return replace(fresh, version=before.version + 1) if before else fresh
    assert before, fact
    now = replace(before, version=before.version + 1)
    match fact:
        case conflicts.ConflictDecided():
            return replace(now, state="decided", effect=fact.effect, share=fact.share)
        case conflicts.ConflictCommunicated():
            return replace(now, has_letter=True)
        case _:
            return now
