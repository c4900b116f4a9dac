"""The composition root of tiering, wired by hand."""

from pathlib import Path

from services.tiering.api import evaluations, standings
from services.tiering.consumers import handlers
from services.tiering.policy import TieringPolicy
from services.tiering.settings import Settings
from services.tiering.store.tables import metadata
from services.tiering.timers import timers
from shared.chassis.clock import Clock
from shared.chassis.policies import Policies
from shared.chassis.service import Platform, Service

NAME = "tiering"


def build(settings: Settings, *, clock: Clock) -> Service:
    """The service, not yet started."""
    platform = Platform(NAME, settings, clock=clock)
    policies = Policies(TieringPolicy)
    app = platform.app(
        title="Hansa tiering",
        description="Ranks partners by score and moves them between tiers: up at once, down after a grace period, one at a time.",
        routers=[evaluations.router(policies), standings.router(policies)],
    )
    return Service(
        platform=platform,
        metadata=metadata,
        migrations=Path(__file__).parent / "store" / "migrations",
        app=app,
        handlers=handlers(),
        timers=timers(policies, every_s=settings.timer_interval_s),
    )
