"""The services of the product by name, and how to build one from its settings."""

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:  # the command line imports this file for the names alone
    from shared.chassis.service import Service
    from shared.chassis.settings import ServiceSettings

ROOT = Path(__file__).parents[1]
TOPICS = ROOT / "deploy" / "topics.yaml"
PROGRAMME = ROOT / "programme.yaml"
SERVICES = ("partners", "registration", "commission", "tiering", "enablement", "notifications")


def settings_of(name: str, **given: str) -> "ServiceSettings":
    """The service's settings: what is given, else what the environment says; the programme is the repository's unless named."""
    kind = cast("type[ServiceSettings]", importlib.import_module(f"services.{name}.settings").Settings)
    settings = kind.model_validate(given) if given else kind()
    return settings if "programme" in settings.model_fields_set else settings.model_copy(update={"programme": str(PROGRAMME)})


def build(name: str, **given: str) -> "Service":
    """The service, wired; nothing is connected yet."""
    from shared.chassis.clock import SystemClock

    return cast("Service", importlib.import_module(f"services.{name}.service").build(settings_of(name, **given), clock=SystemClock()))
