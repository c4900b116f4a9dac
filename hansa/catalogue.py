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


class SettingsInvalid(RuntimeError):
    """A setting that can never work, in a sentence that names its variable and never repeats its value: it may be secret."""


def settings_of(name: str, **given: str) -> "ServiceSettings":
    """The service's settings: what is given, else what the environment says; the programme is the repository's unless named.

    Raises SettingsInvalid.
    """
    from pydantic import ValidationError

    kind = cast("type[ServiceSettings]", importlib.import_module(f"services.{name}.settings").Settings)
    try:
        settings = kind.model_validate(given) if given else kind()
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        variable = f"{kind.model_config.get('env_prefix', '')}{first['loc'][0]}".upper()
        raise SettingsInvalid(f"{variable}: {first['msg'].removeprefix('Value error, ')}.") from None
    return settings if "programme" in settings.model_fields_set else settings.model_copy(update={"programme": str(PROGRAMME)})


def need_database(name: str, role: str) -> None:
    """The role has an address for its database. Raises SettingsInvalid."""
    if not getattr(settings_of(name), f"{role}_url"):
        raise SettingsInvalid(f"HANSA_{name}_{role}_URL".upper() + ": the address of its database is not set.")


def build(name: str, **given: str) -> "Service":
    """The service, wired; nothing is connected yet."""
    from shared.chassis.clock import SystemClock

    return cast("Service", importlib.import_module(f"services.{name}.service").build(settings_of(name, **given), clock=SystemClock()))
