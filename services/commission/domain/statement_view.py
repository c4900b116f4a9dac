"""A fact as one of its beneficiaries may see it: no other partner by id, and others' shares only as one, where figures allow."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from services.commission.domain.entries import Accrued, Entry, Worked
from services.commission.domain.facts import Amended, AnyFact, Closed, Credit, Rate, RewardsGranted, Terms
from services.commission.domain.plan import Plan
from services.commission.domain.statement import Posted, Sheet, Standing, StatementDiverged, merged, other, settle


def settle_seen(
    partner_id: UUID, plan: Plan, opening: Standing, facts: Sequence[Posted], entries: Mapping[str, tuple[Entry, ...]]
) -> Sheet:
    """The sheet of the facts as the partner may see them, which gives the ledger's `entries` (by fact id) again.

    The other shares of a deal count as one. Where the last minor unit of a division depends on each of them, they stand
    apart, still without names. Raises StatementDiverged.
    """
    named = {fact_id: tuple(_nameless(entry, partner_id) for entry in several) for fact_id, several in entries.items()}
    sheet = settle(partner_id, plan, opening, [_seen(posted, partner_id, apart=False) for posted in facts])
    apart = _differing(sheet, named)
    if apart:
        sheet = settle(partner_id, plan, opening, [_seen(posted, partner_id, apart=posted.number in apart) for posted in facts])
    if differing := _differing(sheet, named):
        raise StatementDiverged(f"facts {sorted(differing)[:10]} give other entries than the ledger holds")
    return sheet


def _differing(sheet: Sheet, entries: Mapping[str, tuple[Entry, ...]]) -> set[int]:
    return {line.posted.number for line in sheet.lines if line.entries != entries.get(line.posted.fact.id, ())}


def _seen(posted: Posted, partner_id: UUID, *, apart: bool) -> Posted:
    return replace(posted, fact=seen_by(partner_id, posted.fact, apart=apart))


def seen_by(partner_id: UUID, fact: AnyFact, *, apart: bool) -> AnyFact:
    """The fact without the other partners; `apart` keeps each of their shares, else they are one."""
    if isinstance(fact, Rate):
        return fact
    if isinstance(fact, RewardsGranted):
        numbered = enumerate(fact.ranked, 1)
        return replace(fact, ranked=tuple((who, of) if who == partner_id else (other(fact.id, n), 0) for n, (who, of) in numbered))
    if fact.partner_id != partner_id:
        fact = replace(fact, partner_id=other(fact.id, 0))
    if not isinstance(fact, Closed | Amended) or fact.terms is None:
        return fact
    return replace(fact, terms=_apart(fact.id, fact.terms, partner_id) if apart else merged(fact.id, fact.terms, partner_id))


def _apart(fact_id: str, terms: Terms, partner_id: UUID) -> Terms:
    numbered = enumerate(terms.credits, 1)
    shares = tuple(each if each.partner_id == partner_id else Credit(other(fact_id, n), each.share) for n, each in numbered)
    return replace(terms, credits=shares)


def _nameless(entry: Entry, partner_id: UUID) -> Entry:
    """The entry without the registrant in whose position it was figured."""
    how = entry.derivation
    if isinstance(how, Accrued) and how.position_of != partner_id:
        return replace(entry, derivation=replace(how, position_of=other(entry.fact_id, 0)))
    if isinstance(how, Worked) and how.placed is not None and how.placed.position_of != partner_id:
        return replace(entry, derivation=replace(how, placed=replace(how.placed, position_of=other(entry.fact_id, 0))))
    return entry
