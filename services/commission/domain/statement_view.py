"""A partner's facts as it may see them: no other by name, others' shares as one where figures allow; they give its entries again."""

from collections.abc import Iterable, Sequence

from services.commission.domain.facts import Rate
from services.commission.domain.options import EarnedOn
from services.commission.domain.plan import Plan
from services.commission.domain.statement import Ledger, Posted, Sheet, Standing, StatementDiverged, settle
from services.commission.domain.statement_names import Names
from shared.chassis.values import replace


def settle_seen(
    names: Names, plan: Plan, opening: Standing, facts: Sequence[Posted], entries: Ledger, *, rates: Iterable[Rate] = ()
) -> Sheet:
    """The sheet of the facts as the partner may see them, which gives the ledger's `entries` (by fact id) again.

    The other shares of a deal count as one. Where the last minor unit of a division depends on each of them, or may do so
    later, they stand apart, still without names. Raises StatementDiverged.
    """
    rates = tuple(rates)
    ledger = {fact_id: tuple(map(names.entry, several)) for fact_id, several in entries.items()}
    apart = {posted.number for posted in facts} if any(_divides_later(plan)) else set()
    sheet = settle(names, plan, opening, [_seen(posted, names, apart) for posted in facts], rates=rates, ledger=ledger)
    if more := _differing(sheet, ledger) - apart:
        seen = [_seen(posted, names, apart | more) for posted in facts]
        sheet = settle(names, plan, opening, seen, rates=rates, ledger=ledger)
    if differing := _differing(sheet, ledger):
        raise StatementDiverged(f"facts {sorted(differing)[:10]} give other entries than the ledger holds")
    return sheet


def _divides_later(plan: Plan) -> Iterable[bool]:
    """Whether deals are divided again after their close: bit by bit as they are earned, or anew at a refund."""
    return (version.divided_anew or version.earned_on is not EarnedOn.WON for version in plan.versions)


def _differing(sheet: Sheet, ledger: Ledger) -> set[int]:
    return {line.posted.number for line in sheet.lines if line.entries != ledger.get(line.posted.fact.id, ())}


def _seen(posted: Posted, names: Names, apart: set[int]) -> Posted:
    return replace(posted, fact=names.fact(posted.fact, apart=posted.number in apart))
