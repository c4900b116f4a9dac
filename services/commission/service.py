"""The service put together."""

from collections.abc import Sequence
from pathlib import Path

from services.commission.api import bank_reports, disputes, payouts, routes, statements
from services.commission.api.cash import imports, invoices, payments
from services.commission.api.explaining import explanations
from services.commission.api.fx import fx_rates
from services.commission.api.plans import plan_drafts, plan_versions
from services.commission.consumers import handlers
from services.commission.settings import Settings
from services.commission.store import plans, rates, tables_conflicts, tables_intake  # noqa: F401 - its tables are part of the metadata
from services.commission.store.plans import Plans
from services.commission.store.tables import metadata
from services.commission.timers import timers
from services.commission.use_cases.self_check import SelfCheck
from shared.chassis.clock import Clock
from shared.chassis.database import UnitOfWork
from shared.chassis.service import Platform, Service
from shared.chassis.vault import Vault
from shared.chassis.worker import Arrived


def build(settings: Settings, *, clock: Clock) -> Service:
    """It consumes what happens to closed deals; its timers end holds and watch that the books balance."""
    platform = Platform("commission", settings, clock=clock)
    known = plans.Plans()
    app = platform.app(
        title="Commission",
        description="What partners earn, why, and what became of it: every figure follows from recorded facts and a plan version.",
        routers=[
            routes.entries,
            explanations,
            routes.balances,
            plan_versions,
            plan_drafts,
            fx_rates,
            invoices,
            payments,
            imports,
            routes.books,
            statements.statements,
            statements.statement_rules,
            statements.held_back_statements,
            *payouts.ROUTERS,
            bank_reports.reports,
            *disputes.ROUTERS,
        ],
    )
    app.state.plans = known
    app.state.payout_desk = payouts.Desk(known, Vault(settings.keys))
    return Service(
        platform,
        metadata=metadata,
        migrations=Path(__file__).parent / "store" / "migrations",
        app=app,
        handlers=handlers(known),
        timers=timers(known, every_s=settings.timer_interval_s, metrics=platform.telemetry.metrics),
        extras=[_self_check(platform, days=settings.self_check_days)],
        seed=plans.record,
        arrived=_arrived(known),
    )


def _arrived(plans: Plans) -> Arrived:
    async def arrived(uow: UnitOfWork) -> Sequence[str]:
        return await rates.arrived(uow, latest=(await plans.current(uow)).latest)

    return arrived


def _self_check(platform: Platform, *, days: int) -> SelfCheck:
    return SelfCheck(lambda: platform.worker_database, clock=platform.clock, metrics=platform.telemetry.metrics, days=days)
