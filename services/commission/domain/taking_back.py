"""Reversals: pro rata at the version and slices of the original entry, exact once everything is back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.commission.domain.brackets import reversed_share
from services.commission.domain.deal import Counted, Deal, Sale, Stake
from services.commission.domain.entries import Entry, Kind, TakenBack
from services.commission.domain.facts import DealFact, Refunded
from services.commission.domain.positions import Move
from services.commission.domain.refusals import CurrencyMismatch, LinesMismatch, LineUnknown, RefundExceedsSale, RefundInvalid
from shared.chassis.ids import derived_id


@dataclass(frozen=True, slots=True)
class Reversal:
    """What going back does: an entry for each beneficiary, the sale afterwards, and the positions lowered."""

    entries: tuple[Entry, ...]
    sale: Sale
    moves: tuple[Move, ...]


def refund(fact: Refunded, sale: Sale) -> Sale:
    """The sale with the refund on record. Raises CurrencyMismatch, RefundInvalid, RefundExceedsSale, LineUnknown or LinesMismatch."""
    if fact.currency != sale.currency:
        raise CurrencyMismatch(sold=sale.currency, given=fact.currency)
    if fact.amount <= 0:
        raise RefundInvalid
    refunded = sale.refunded + fact.amount
    if refunded > sale.amount:
        raise RefundExceedsSale(refunded=refunded, sold=sale.amount)
    return replace(sale, refunded=refunded, refunded_lines=_by_name(fact, sale) if fact.lines else sale.refunded_lines)


def _by_name(fact: Refunded, sale: Sale) -> tuple[tuple[str, int], ...]:
    named = sum(amount for _, amount in fact.lines)
    if named != fact.amount:
        raise LinesMismatch(lines=named, amount=fact.amount)
    sold, back = dict(sale.lines), dict(sale.refunded_lines)
    for line_id, amount in fact.lines:
        if line_id not in sold:
            raise LineUnknown(line=line_id)
        back[line_id] = back.get(line_id, 0) + amount
        if back[line_id] > sold[line_id]:
            raise RefundExceedsSale(refunded=back[line_id], sold=sold[line_id])
    return tuple(back.items())


def take_back(fact: DealFact, deal: Deal, sale: Sale, *, refunded: int, currency: str, reason: str) -> Reversal:
    """Bring every beneficiary's reversal up to `refunded` of the sale; `refunded` = all of it takes back what is left."""
    entries, stakes = [], []
    for stake in sale.stakes:
        after = replace(
            stake,
            reversed=reversed_share(stake.total, refunded=refunded, sold=sale.amount),
            lowered=reversed_share(stake.revenue, refunded=refunded, sold=sale.amount),
        )
        entries.append(_entry(fact, deal, sale, stake, after=after, refunded=refunded, currency=currency, reason=reason))
        stakes.append(after)
    counted, moves = _lowered(sale.counted, sale, refunded=refunded)
    return Reversal(tuple(entries), replace(sale, stakes=tuple(stakes), counted=counted), moves)


def _lowered(counted: Sequence[Counted], sale: Sale, *, refunded: int) -> tuple[tuple[Counted, ...], tuple[Move, ...]]:
    """Lower the positions of the close's own month by what went back."""
    after, moves = [], []
    for each in counted:
        lowered = reversed_share(each.revenue, refunded=refunded, sold=sale.amount)
        after.append(replace(each, lowered=lowered))
        if lowered != each.lowered:
            moves.append(Move(each.partner_id, sale.month, each.lowered - lowered))
    return tuple(after), tuple(moves)


def _entry(fact: DealFact, deal: Deal, sale: Sale, stake: Stake, *, after: Stake, refunded: int, currency: str, reason: str) -> Entry:
    amount = stake.reversed - after.reversed
    return Entry(
        id=derived_id("commission.entry", fact.id, Kind.REVERSAL, stake.entry_id),
        fact_id=fact.id,
        kind=Kind.REVERSAL,
        partner_id=stake.partner_id,
        deal_id=deal.id,
        close_number=deal.close_number,
        amount=amount,
        revenue=stake.lowered - after.lowered,
        currency=currency,
        plan_version=sale.plan_version,
        rule="original",
        month=sale.month,
        closed_at=sale.closed_at,
        release_at=sale.release_at,
        reason=reason if amount else _why_zero(stake),
        derivation=TakenBack(total=stake.total, refunded=refunded, sold=sale.amount, due=after.reversed, already=stake.reversed),
        reverses=stake.entry_id,
    )


def _why_zero(stake: Stake) -> str:
    if not stake.total:
        return "nothing_accrued"
    return "nothing_left" if not stake.left else "below_one_unit"
