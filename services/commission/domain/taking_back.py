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
from services.commission.domain.refunding import Gone
from services.commission.domain.rerating import Schedules, rerated
from services.commission.domain.tallies import Tally
from shared.chassis.ids import derived_id
from shared.chassis.values import replace

_PLAIN = Special()


@dataclass(frozen=True, slots=True)
class Reversal:
    """A fact that takes back what a sale gave. `undone`: all of it, for good. `forgiven`: the limit of clawback is over.

    `others` are the other earnings on the same deal, as they are now.
    """

    fact: DealFact
    deal: Deal
    state: State
    reason: str
    pending: Effects = NOTHING
    undone: bool = False
    forgiven: bool = False
    others: tuple[Sale, ...] = ()

    def _rerates(self, after: Sale) -> bool:
        """By the schedule; but what is left of the last of a deal that stands by itself goes back whole, to the unit."""
        version = self.state.plan.version(after.plan_version)
        return version.refunds is Refunds.RERATE and not (version.base is Base.DEAL and after.refunded == after.amount)

    def take(self, before: Sale, after: Sale) -> tuple[Effects, Sale]:
        """Bring every beneficiary's reversal up to what went back of the sale, from `before` the fact to `after` it."""
        gone = Gone.whole(after) if self.undone else Gone.of(after)
        counted, moves = _lowered(after, gone)
        anew: dict[int, tuple[Stake, Rerated]] = {}
        detail = after.detail
        if self._rerates(after):
            schedules = Schedules(self.state, after, self.pending.moves, self.others)
            anew, of_all = rerated(schedules, Gone.of(before), gone)
            if detail and anew and not self.forgiven:
                detail = replace(detail, rerated=of_all)
        entries, stakes, tallies = [], [], list[Tally]()
        for index, stake in enumerate(after.stakes):
            changed, how = anew[index] if index in anew else self._pro_rata(stake, after, gone)
            if self.forgiven:
                changed, how = self._kept(stake, changed, after, gone, by_schedule=index in anew)
            entries.append(self._entry(after, stake, changed, how))
            stakes.append(changed)
            if stake.special and stake.special.spiff:
                tallies += used(stake.special.spiff, stake.partner_id, stake.reversed - changed.reversed)
        swept = tuple(transfer for stake in stakes for transfer in self._swept(stake)) if self.undone else ()
        return Effects(tuple(entries), moves, tuple(tallies), swept), replace(after, stakes=tuple(stakes), counted=counted, detail=detail)

    def _pro_rata(self, stake: Stake, sale: Sale, gone: Gone) -> tuple[Stake, TakenBack]:
        special = stake.special or _PLAIN
        due = gone.share(stake.total, special.parts) - special.kept
        lowered = gone.share(stake.revenue)
        changed = Stake(stake.entry_id, stake.partner_id, stake.total, stake.revenue, due, lowered, stake.released, stake.special)
        return changed, self._taken(stake, sale, gone, due)

    def _kept(self, stake: Stake, changed: Stake, sale: Sale, gone: Gone, *, by_schedule: bool) -> tuple[Stake, TakenBack]:
        """The partner keeps what would have gone back; only the revenue counts as gone.

        What the schedule would have taken is not told: it depends on the position, which may be another partner's.
        """
        special = changed.special or _PLAIN
        spared = 0 if by_schedule else changed.reversed - stake.reversed
        kept = replace(special, kept=special.kept + spared)
        after = replace(changed, reversed=stake.reversed, special=None if kept == _PLAIN else kept)
        return after, self._taken(stake, sale, gone, stake.reversed)

    def _taken(self, stake: Stake, sale: Sale, gone: Gone, due: int) -> TakenBack:
        other = sale.currency if sale.currency != self.state.plan.currency else None
        return TakenBack(stake.total, gone.refunded, gone.sold, due, stake.reversed, other)

    def _swept(self, stake: Stake) -> tuple[Transfer, ...]:
        """What stands of a stake that goes (the schedule took more or less than it accrued) becomes payable at once."""
        if not stake.left or stake.released:
            return ()
        return transfers_of(
            derived_id("commission.swept", self.fact.id, stake.entry_id),
            entry_id=stake.entry_id,
            partner_id=stake.partner_id,
            amount=stake.left,
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
            reason=self.reason if amount else "clawback_over" if self.forgiven else _why_zero(stake),
            derivation=how,
            reverses=stake.entry_id,
        )


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
