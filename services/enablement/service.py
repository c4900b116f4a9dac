"""The service put together."""

from pathlib import Path

from services.enablement.api import routes_certificates, routes_courses, routes_learning
from services.enablement.consumers import handlers
from services.enablement.policy import EnablementPolicy, Programme
from services.enablement.settings import Settings
from services.enablement.store.tables import metadata
from services.enablement.timers import timers
from shared.chassis.clock import Clock
from shared.chassis.service import Platform, Service


def build(settings: Settings, *, clock: Clock) -> Service:
    """HTTP for learning; a worker that follows the partners' standing and ends certificates."""
    platform = Platform("enablement", settings, clock=clock)
    app = platform.app(
        title="Enablement",
        description="Courses, who completed them, and the certificates that people hold.",
        routers=[routes_courses.router, routes_learning.enrolments, routes_learning.completions, routes_certificates.router],
    )
    app.state.programme = Programme(EnablementPolicy)
    return Service(
        platform,
        metadata=metadata,
        migrations=Path(__file__).parent / "store" / "migrations",
        app=app,
        handlers=handlers(),
        timers=timers(every_s=settings.timer_interval_s),
    )
