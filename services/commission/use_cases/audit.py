"""Check the books: every figure twice over, and the whole ledger against the journal."""

from collections import Counter
from dataclasses import dataclass

from services.commission.domain.ledger import ReplayDiverged
from services.commission.store.encoding import fact_kind
from services.commission.store.snapshot import snapshot
from shared.chassis.database import UnitOfWork


@dataclass(frozen=True, slots=True)
class Audited:
    """What was found. `imbalances` are minor units by currency."""

    imbalances: dict[str, int]
    ledger_hash: str
    replay_hash: str
    counts: dict[str, int]

    @property
    def ok(self) -> bool:
        return self.ledger_hash == self.replay_hash and not any(self.imbalances.values())


async def audit(uow: UnitOfWork) -> Audited:
    """Compare entries, transfers and balances with each other, and the ledger with a replay of the journal."""
    found = await snapshot(uow)
    try:
        replayed = found.replayed().state_hash()
    except ReplayDiverged as error:
        replayed = f"diverged at {error}"[:300]
    counts = Counter(f"facts_{fact_kind(journaled.fact)}" for journaled in found.journal)
    counts.update(f"entries_{entry.kind.value}" for entry in found.stored.entries)
    counts.update(f"deals_{deal.standing.value}" for deal in found.stored.deals.values())
    counts["transfers"] = len(found.stored.transfers)
    return Audited(found.stored.imbalances(), found.stored.state_hash(), replayed, dict(sorted(counts.items())))
