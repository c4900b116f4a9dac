"""The service put together."""

from pathlib import Path

from services.partners.api import routes_contacts, routes_partners
from services.partners.settings import Settings
from services.partners.store.tables import metadata
from shared.chassis.clock import Clock
from shared.chassis.service import Platform, Service


def build(settings: Settings, *, clock: Clock) -> Service:
    """It consumes nothing and has no due work: the worker is the outbox relay alone."""
    platform = Platform("partners", settings, clock=clock)
    app = platform.app(
        title="Partners",
        description="Who the partners are, whether they may work, and whom to call there.",
        routers=[routes_partners.router, routes_contacts.router],
    )
    return Service(platform, metadata=metadata, migrations=Path(__file__).parent / "store" / "migrations", app=app)
