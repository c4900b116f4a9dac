"""What a dispute does to the money it is about: an entry of a deal is frozen, of others what is payable is kept back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from services.commission.domain.book import Book
from services.commission.domain.deal import Deal
from services.commission.domain.dispute import Dispute, Hold, frozen, keep, settle, thawed
from services.commission.domain.entries import Account
from services.commission.domain.facts import AnyFact, Frozen, Thawed
from services.commission.domain.outcome import Posting
from services.commission.domain.plan import Plan
from shared.chassis.values import replace


@dataclass(frozen=True, slots=True)
class Disputed:
    """Where the money of an entry stands: `deal` as it counts now, and in minor units what is left of the entry and what is payable.

    `accrued` is what is left of it as an accrual, `left` with every correction. Payable is the partner's, of all entries.
    """

    plan: Plan
    deal: Deal | None
    accrued: int
    left: int
    payable: int


def hold_back(dispute: Dispute, now: Disputed, *, at: datetime) -> tuple[Dispute, AnyFact | None]:
    """The dispute with what it holds, and the fact that does so.

    What was paid out, or is on its way, is not called back: to hold it against later earnings would punish the partner for asking.
    """
    left, fact = now.left, frozen(dispute, at=at)
    if fact is not None and (posting := _posting(fact, now.plan, now.deal)):
        released = sum(transfer.amount for transfer in posting.transfers if transfer.source is Account.PAYABLE)
        if released <= max(now.payable, 0):
            return replace(dispute, hold=Hold.ENTRY, held=max(now.accrued, 0)), fact
        left = released
    held = max(min(left, now.payable), 0)
    if not held:
        return dispute, None
    kept = replace(dispute, hold=Hold.AMOUNT, held=held)
    return kept, keep(kept, at=at)


def let_go(dispute: Dispute, deal: Deal | None, plan: Plan, *, at: datetime) -> Iterator[AnyFact]:
    """The facts that end the hold of a settled dispute and book its adjustment. What was taken back with its deal stays so."""
    fact = thawed(dispute, at=at)
    if fact is not None and _posting(fact, plan, deal):
        yield fact
    booked = settle(dispute, at=at)
    if booked is not None:
        yield booked


def _posting(fact: Frozen | Thawed, plan: Plan, deal: Deal | None) -> Posting | None:
    """What the fact would do; None where nothing of the entry stands any more."""
    outcome = Book(plan, deals=(deal,) if deal else ()).take(fact)
    return outcome if isinstance(outcome, Posting) else None
