"""Which due times lead to which use case."""

from services.commission.store import held_back
from services.commission.store.plans import Plans
from services.commission.store.reading import imbalance
from services.commission.use_cases.disputes.mark_overdue import mark_overdue
from services.commission.use_cases.issue_statements import IssueStatements
from services.commission.use_cases.make_months import make_months
from services.commission.use_cases.record_cash import tell
from services.commission.use_cases.release_due import ReleaseDue
from services.commission.use_cases.settle_periods import SettlePeriods
from shared.chassis.database import UnitOfWork
from shared.chassis.telemetry.metrics import Metrics
from shared.chassis.timers import Timer

WATCH_EVERY_S = 60.0  # it sums whole tables
SETTLE_EVERY_S = 60.0  # so does this
MONTHS_EVERY_S = 6 * 3600.0


def timers(plans: Plans, *, every_s: float, metrics: Metrics) -> tuple[Timer, ...]:
    """Holds and periods that end, late disputes, documents whose deal came after them, and the figures that must always be 0."""

    async def watch(uow: UnitOfWork) -> int:
        metrics.ledger_imbalance.set(await imbalance(uow))
        metrics.statements_held_back.set(await held_back.count(uow))
        return 0

    return (
        Timer("release held commission", every_s, ReleaseDue(plans)),
        Timer("settle ended periods", SETTLE_EVERY_S, SettlePeriods(plans)),
        Timer("issue statements", every_s, IssueStatements(plans)),
        Timer("mark overdue disputes", every_s, mark_overdue),
        Timer("tell invoices and payments", every_s, tell),
        Timer("make months", MONTHS_EVERY_S, make_months),
        Timer("ledger imbalance", WATCH_EVERY_S, watch),
    )
