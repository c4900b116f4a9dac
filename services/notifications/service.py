"""The service put together."""

from pathlib import Path

from services.notifications.api import routes_deliveries, routes_endpoints, routes_feed
from services.notifications.api.desk import Desk
from services.notifications.consumers import handlers
from services.notifications.policy import Programme
from services.notifications.sending.attempt import Courier
from services.notifications.sending.sender import Sender
from services.notifications.sending.transport import Transport
from services.notifications.settings import Settings
from services.notifications.store import feed
from services.notifications.store.secrets import Secrets
from services.notifications.store.tables import metadata
from services.notifications.timers import timers
from shared.chassis.clock import Clock
from shared.chassis.failpoints import FailPoints
from shared.chassis.service import Platform, Service
from shared.chassis.vault import Vault


def build(settings: Settings, *, clock: Clock) -> Service:
    """HTTP for endpoints, their deliveries and the feed; a worker that takes events in and sends them out."""
    platform = Platform("notifications", settings, clock=clock)
    programme = Programme(allow_private_targets=settings.allow_private_targets)
    secrets = Secrets(Vault(settings.keys))
    app = platform.app(
        title="Notifications",
        description="Webhooks and a feed: what happens in the programme, as each partner may see it.",
        routers=[routes_endpoints.router, routes_deliveries.router, routes_feed.router],
    )
    app.state.desk = Desk(programme, secrets)
    return Service(
        platform,
        metadata=metadata,
        migrations=Path(__file__).parent / "store" / "migrations",
        app=app,
        handlers=handlers(),
        timers=timers(programme),
        extras=[_sender(platform, settings, programme=programme, secrets=secrets)],
        seed=feed.open_feed,
    )


def _sender(platform: Platform, settings: Settings, *, programme: Programme, secrets: Secrets) -> Sender:
    telemetry = platform.telemetry
    courier = Courier(
        Transport(),
        clock=platform.clock,
        tracer=telemetry.tracer,
        metrics=telemetry.metrics,
        fail_points=FailPoints(settings.fail_points),
    )
    return Sender(
        settings,
        database=lambda: platform.worker_database,
        programme=programme,
        secrets=secrets,
        courier=courier,
    )
