"""HTTP of a service: routes as transactions, problem details, idempotency keys, pages, versions, scopes."""

from shared.chassis.http.access import public, requires
from shared.chassis.http.app import make_app
from shared.chassis.http.instants import Instant
from shared.chassis.http.paging import Page, PageQuery
from shared.chassis.http.problems import InvalidRequest, problem
from shared.chassis.http.routing import Router, Uow
from shared.chassis.http.together import Asked, Together, TogetherRoute
from shared.chassis.http.versions import IfMatch, etag
from shared.chassis.identity.principal import Principal

__all__ = [
    "Asked",
    "IfMatch",
    "Instant",
    "InvalidRequest",
    "Page",
    "PageQuery",
    "Principal",
    "Router",
    "Together",
    "TogetherRoute",
    "Uow",
    "etag",
    "make_app",
    "problem",
    "public",
    "requires",
]
