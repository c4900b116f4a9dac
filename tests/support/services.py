"""Every service of the repository, found by its folder, so that a new one cannot be forgotten by a test that walks all."""

import importlib
from collections.abc import Iterator
from pathlib import Path

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts

from shared.chassis.clock import SystemClock
from shared.chassis.http.routing import SecuredRoute
from shared.chassis.service import Service

ROOT = Path(__file__).parents[2]
SERVICES = tuple(sorted(path.parent.name for path in (ROOT / "services").glob("*/service.py")))


def build(name: str) -> Service:
    """The service with default settings, wired but touching nothing."""
    settings = importlib.import_module(f"services.{name}.settings").Settings()
    service: Service = importlib.import_module(f"services.{name}.service").build(settings, clock=SystemClock())
    return service


def shared_tables(name: str) -> frozenset[str]:
    """The tables of the service that it declares to hold no rows of one partner."""
    tables = importlib.import_module(f"services.{name}.store.tables")
    return frozenset(getattr(tables, "SHARED_TABLES", frozenset()))


def transactional(app: FastAPI) -> Iterator[tuple[RouteContext, SecuredRoute]]:
    """The app's own routes with their effective paths."""
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, SecuredRoute):
            yield context, context.original_route
