"""The programme file as the services read it, looked at before anything is started or written with it."""

import importlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import cast

import yaml
from pydantic import BaseModel, ValidationError

from hansa import catalogue
from hansa.faults import Unusable, told

# service → the model of its section; partners reads nothing of its own yet
_MODELS = {
    "registration": "services.registration.policy:Policy",
    "commission": "services.commission.section:CommissionSection",
    "tiering": "services.tiering.policy:TieringPolicy",
    "enablement": "services.enablement.policy:EnablementPolicy",
    "notifications": "services.notifications.policy:NotificationsPolicy",
}


class ProgrammeInvalid(RuntimeError):
    """The file cannot become anybody's policy; the message says where and why."""


def models() -> dict[str, type[BaseModel]]:
    """The model of each section that is read."""
    found = {}
    for name, place in _MODELS.items():
        module, _, model = place.partition(":")
        found[name] = cast("type[BaseModel]", getattr(importlib.import_module(module), model))
    return found


def check(path: Path = catalogue.PROGRAMME, services: Iterable[str] = catalogue.SERVICES) -> None:
    """See that every section of these services can be read as its service reads it. Raises ProgrammeInvalid."""
    try:
        document = yaml.safe_load(path.read_text())
    except Unusable as error:
        raise ProgrammeInvalid(f"{path} cannot be read: {told(error)}") from error
    if not isinstance(document, Mapping) or not _is_instant(document.get("effective_from")):
        raise ProgrammeInvalid(f"{path}: effective_from must be an instant as text, such as 2000-01-01T00:00:00Z")
    known = models()
    for name in services:
        if not isinstance(document.get(name), Mapping):
            raise ProgrammeInvalid(f"{path} has no section {name}")
        try:
            if name in known:
                known[name].model_validate(document[name])
        except ValidationError as error:
            raise ProgrammeInvalid(f"{path}: {name}: {told(error)}") from error


def _is_instant(text: object) -> bool:
    try:
        return isinstance(text, str) and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
