"""The service put together."""

from pathlib import Path

from services.registration.api import coselling, imports, leads, reviews, routes
from services.registration.consumers import handlers
from services.registration.policy import Policy
from services.registration.settings import Settings
from services.registration.store import tables_coselling, tables_leads  # noqa: F401 - their tables belong to the same metadata
from services.registration.store.tables import metadata
from services.registration.suffixes import registrable_domain
from services.registration.timers import timers
from shared.chassis.clock import Clock
from shared.chassis.policies import Policies
from shared.chassis.service import Platform, Service


def build(settings: Settings, *, clock: Clock) -> Service:
    """HTTP for deals and imports; a worker that follows partners and sales systems, and ends protections."""
    platform = Platform("registration", settings, clock=clock)
    policies = Policies(Policy)
    deals = routes.routes(policies, registrable=registrable_domain)
    intake = imports.routes(policies, registrable=registrable_domain)
    shared_leads = leads.routes(policies, registrable=registrable_domain)
    app = platform.app(
        title="Registration",
        description="Deals: first to register is protected; won, lost, amended, reopened, refunded.",
        routers=[deals, intake, reviews.router, shared_leads, coselling.routes(policies)],
    )
    return Service(
        platform,
        metadata=metadata,
        migrations=Path(__file__).parent / "store" / "migrations",
        app=app,
        handlers=handlers(policies, registrable=registrable_domain),
        timers=timers(every_s=settings.expiry_interval_s),
    )
