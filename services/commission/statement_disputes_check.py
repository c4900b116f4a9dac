"""Whether the disputes in a statement go with its figures, and with those of the statement before."""

from collections.abc import Iterator, Sequence

from services.commission.domain.dispute import UNSETTLED, State, adjustment_of
from services.commission.domain.statement import Sheet, Span
from services.commission.domain.statement_disputes import StatedDispute
from services.commission.statement_finding import Finding


def dispute_faults(disputes: Sequence[StatedDispute], span: Span, sheet: Sheet) -> Iterator[Finding]:
    """Each is possible in this period, what is held has its dispute, and an adjustment its entry."""
    for index, dispute in enumerate(disputes):
        if not _possible(dispute, span):
            yield Finding("dispute_impossible", f"disputes[{index}]", "Its state does not go with its dates, or not with the period.")
    running = [dispute.entry_id for dispute in disputes if dispute.runs]
    if len(set(running)) < len(running) or len({dispute.id for dispute in disputes}) < len(disputes):
        yield Finding("dispute_twice", "disputes", "A dispute stands twice, or an entry has two that run.")
    for entry_id in sorted(sheet.closing.disputed.keys() - set(running)):
        yield Finding("dispute_missing", "disputes", f"Money of entry {entry_id} is held, and no dispute of it is running.")
    booked = {entry.id for line in sheet.lines for entry in line.entries}
    for index, dispute in enumerate(disputes):
        if dispute.state is State.ADJUSTED and adjustment_of(dispute.id) not in booked:
            yield Finding("adjustment_missing", f"disputes[{index}]", "The entry that adjusts it is not in the statement.")


def _possible(dispute: StatedDispute, span: Span) -> bool:
    told = [dispute.opened_at, *(at for at in (dispute.answered_at, dispute.settled_at) if at is not None)]
    answered = dispute.answered_at is not None
    settled = dispute.settled_at is not None
    if told != sorted(told) or told[-1] >= span.ends or settled is (dispute.state in UNSETTLED):
        return False
    return settled or answered is (dispute.state is State.ANSWERED)


def dispute_gaps(disputes: Sequence[StatedDispute], former: Sequence[StatedDispute]) -> Iterator[Finding]:
    """Disputes that ran at the end of the statement before stand in this one too; those that were settled do not come again."""
    known = {dispute.id: dispute for dispute in disputes}
    for before in former:
        after = known.get(before.id)
        if before.runs and (after is None or _about(after) != _about(before)):
            yield Finding(
                "chain_broken", "disputes", f"Dispute {before.id} ran at the end of the statement before, and stands here otherwise."
            )
        elif not before.runs and after is not None:
            yield Finding("chain_broken", "disputes", f"Dispute {before.id} was settled in the statement before.")


def _about(dispute: StatedDispute) -> tuple[object, ...]:
    """What never changes of it."""
    return dispute.entry_id, dispute.deal_id, dispute.currency, dispute.opened_at
