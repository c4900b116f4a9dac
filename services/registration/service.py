"""The service put together."""

from pathlib import Path

from services.registration.api import (
    accounts,
    approvals,
    claims,
    conflicts,
    coselling,
    drafts,
    exclusivity,
    exports,
    imports,
    intake,
    intake_tables,
    leads,
    opportunities,
    reviews,
    routes,
    rule_proposals,
    waiting,
)
from services.registration.api import receipts as receipt_routes
from services.registration.consumers import handlers
from services.registration.policy import Policy
from services.registration.settings import Settings
from services.registration.store import receipts as receipt_store
from services.registration.store.tables.whole import metadata
from services.registration.suffixes import registrable_domain
from services.registration.timers import timers
from services.registration.use_cases.receipts.check import ReceiptCheck
from services.registration.use_cases.receipts.issue import Receipts
from services.registration.use_cases.receipts.signing import Signer
from shared.chassis.clock import Clock
from shared.chassis.policies import Policies
from shared.chassis.service import Platform, Service


def build(settings: Settings, *, clock: Clock) -> Service:
    """HTTP for deals and imports; a worker that follows partners and sales systems, and ends protections."""
    platform = Platform("registration", settings, clock=clock)
    policies = Policies(Policy)
    signer = Signer(settings.signing_keys)
    receipts = Receipts(signer)
    check = ReceiptCheck(signer, metrics=platform.telemetry.metrics, size=settings.receipt_check_size)
    routers = [
        routes.routes(policies, registrable=registrable_domain, receipts=receipts),
        exclusivity.routes(policies),
        approvals.routes(policies),
        drafts.routes(policies, registrable=registrable_domain, receipts=receipts),
        waiting.routes(policies, receipts=receipts),
        claims.routes(policies, registrable=registrable_domain),
        *(
            part.routes(policies, registrable=registrable_domain, receipts=receipts)
            for part in (imports, opportunities, intake_tables, intake)
        ),
        opportunities.schemas,
        exports.router,
        reviews.router,
        accounts.routes(policies, registrable=registrable_domain),
        *receipt_routes.routers(signer),
        conflicts.routes(policies),
        rule_proposals.routes(policies),
        leads.routes(policies, registrable=registrable_domain, receipts=receipts),
        coselling.routes(policies),
    ]
    app = platform.app(
        title="Registration",
        description="Deals: first to register is protected; won, lost, amended, reopened, refunded.",
        routers=routers,
    )
    return Service(
        platform,
        metadata=metadata,
        migrations=Path(__file__).parent / "store" / "migrations",
        app=app,
        handlers=handlers(policies, registrable=registrable_domain, receipts=receipts),
        timers=timers(policies, every_s=settings.expiry_interval_s, receipts=check, receipts_every_s=settings.receipt_check_interval_s),
        seed=receipt_store.seed,
        checks={"receipt_keys": signer.check},
    )
