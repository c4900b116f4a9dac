"""Reversals: pro rata of what accrued, or by the schedule (`rerate`); exact once everything is back."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.commission.domain.deal import Counted, Deal, Sale, Special, Stake
from services.commission.domain.entries import Account, Entry, Kind, Rerated, TakenBack, Transfer, transfers_of
from services.commission.domain.facts import DealFact
from services.commission.domain.limits import used
from services.commission.domain.options import Base, Refunds
from services.commission.domain.outcome import NOTHING, Effects, State
from services.commission.domain.positions import Move
from services.commission.domain.refunding import Gone, in_time
from services.commission.domain.rerating import Schedules, rerate
from services.commission.domain.tallies import Tally
from shared.chassis.ids import derived_id
from shared.chassis.values import replace

_PLAIN = Special()


@dataclass(frozen=True, slots=True)
class Reversal:
    """A fact that takes back what a sale gave. `undone`: all of it, for good. `forgiven`: it came after the limit of clawback.

    Revenue falls by all that went back, money by what is owed: what went back within the limit. `others` are the other
    earnings on the same deal, as they are now.
    """

    fact: DealFact
    deal: Deal
    state: State
    reason: str
    pending: Effects = NOTHING
    undone: bool = False
    forgiven: bool = False
    others: tuple[Sale, ...] = ()

    def _rerates(self, after: Sale, owed: Gone) -> bool:
        """By the schedule; but what is left of the last of a deal that stands by itself goes back whole, to the unit."""
        version = self.state.plan.version(after.plan_version)
        return version.refunds is Refunds.RERATE and not (version.base is Base.DEAL and owed.refunded == after.amount)

    def _owed(self, sale: Sale) -> Gone:
        """What went back of it within the limit of clawback."""
        return Gone.of(in_time(sale, self.state.plan.version(sale.plan_version).clawback_days))

    def take(self, before: Sale, after: Sale) -> tuple[Effects, Sale]:
        """Bring every beneficiary's reversal up to what went back of the sale, from `before` the fact to `after` it."""
        gone = Gone.whole(after) if self.undone else Gone.of(after)
        owed = self._owed(after)
        counted, moves = _lowered(after, gone)
        anew: dict[int, tuple[Stake, Rerated]] = {}
        detail = after.detail
        if not self.forgiven and self._rerates(after, owed):
            schedules = Schedules(self.state, after, Gone.of(before), self.pending.moves, self.others)
            anew, of_all = rerate(schedules, self._owed(before), gone if self.undone else owed)
            if detail and anew:
                detail = replace(detail, rerated=of_all)
        entries, stakes, tallies = [], [], list[Tally]()
        for index, stake in enumerate(after.stakes):
            changed, how = anew[index] if index in anew else self._by_parts(stake, after, gone, gone if self.undone else owed)
            changed = replace(changed, lowered=gone.share(stake.revenue))
            entries.append(self._entry(after, stake, changed, how))
            stakes.append(changed)
            if stake.special and stake.special.spiff:
                tallies += used(stake.special.spiff, stake.partner_id, stake.reversed - changed.reversed)
        swept = tuple(transfer for stake in stakes for transfer in self._swept(stake)) if self.undone else ()
        return Effects(tuple(entries), moves, tuple(tallies), swept), replace(after, stakes=tuple(stakes), counted=counted, detail=detail)

    def _by_parts(self, stake: Stake, sale: Sale, gone: Gone, owed: Gone) -> tuple[Stake, TakenBack]:
        """Pro rata of what is owed back; what came too late takes nothing, whatever it came after."""
        if self.forgiven:
            return stake, self._taken(stake, sale, gone, stake.reversed)
        special = stake.special or _PLAIN
        due = owed.share(stake.total, special.parts) - special.kept
        return replace(stake, reversed=due), self._taken(stake, sale, owed, due)

    def _taken(self, stake: Stake, sale: Sale, gone: Gone, due: int) -> TakenBack:
        other = sale.currency if sale.currency != self.state.plan.currency else None
        return TakenBack(stake.total, gone.refunded, gone.sold, due, stake.reversed, other)

    def _swept(self, stake: Stake) -> tuple[Transfer, ...]:
        """Of a stake that goes nothing stays in held.

        What stands of it (the schedule took more or less than it accrued), or what a conflict kept of it, becomes payable at once.
        """
        special = stake.special or _PLAIN
        amount = special.withheld if stake.released else stake.left
        return transfers_of(
            derived_id("commission.swept", self.fact.id, stake.entry_id),
            entry_id=stake.entry_id,
            partner_id=stake.partner_id,
            amount=amount,
            source=Account.HELD,
            target=Account.PAYABLE,
            currency=self.state.plan.currency,
        )

    def _entry(self, sale: Sale, stake: Stake, after: Stake, how: TakenBack | Rerated) -> Entry:
        amount = stake.reversed - after.reversed
        by_line = stake.special is not None and bool(stake.special.parts)
        return Entry(
            id=derived_id("commission.entry", self.fact.id, Kind.REVERSAL, stake.entry_id),
            fact_id=self.fact.id,
            kind=Kind.REVERSAL,
            partner_id=stake.partner_id,
            deal_id=self.deal.id,
            close_number=self.deal.close_number,
            amount=amount,
            revenue=stake.lowered - after.lowered,
            currency=self.state.plan.currency,
            plan_version=sale.plan_version,
            rule="rerate" if isinstance(how, Rerated) else "lines" if by_line else "original",
            month=sale.month,
            closed_at=sale.closed_at,
            release_at=sale.release_at,
            reason=self._why(stake, amount),
            derivation=how,
            reverses=stake.entry_id,
        )

    def _why(self, stake: Stake, amount: int) -> str:
        if amount:
            return self.reason
        return "clawback_over" if self.forgiven else _why_zero(stake)


def _lowered(sale: Sale, gone: Gone) -> tuple[tuple[Counted, ...], tuple[Move, ...]]:
    """Lower the positions of the close's own month by what went back."""
    after, moves = [], []
    by_line: Sequence[tuple[int, ...]] = sale.detail.counted if sale.detail else ()
    for index, each in enumerate(sale.counted):
        lowered = sum(gone.lines_of(by_line[index])) if by_line else gone.share(each.revenue)
        after.append(Counted(each.partner_id, each.revenue, lowered))
        if lowered != each.lowered:
            moves.append(Move(each.partner_id, sale.month, each.lowered - lowered))
    return tuple(after), tuple(moves)


def _why_zero(stake: Stake) -> str:
    if not stake.total:
        return "nothing_accrued"
    return "nothing_left" if not stake.left else "below_one_unit"
