"""Versioned, effective-dated policies: what the vendor may change is data, and a version never changes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

import orjson
from pydantic import BaseModel

from shared.chassis.database import UnitOfWork
from shared.chassis.errors import Refused

M = TypeVar("M", bound=BaseModel)

_SEED = """
insert into policies (version, effective_from, body, recorded_by, reason)
values (1, $1, $2::text::jsonb, 'programme.yaml', 'the default programme') on conflict do nothing"""
_AT = "select version, body::text from policies where effective_from <= $1 order by effective_from desc, version desc limit 1"


class PolicyMissing(Refused):
    code = "policy_missing"
    status = 409
    sentence = "No policy was in force at {instant}."


async def seed(uow: UnitOfWork, body: Mapping[str, Any], effective_from: datetime) -> None:
    """Write version 1 if there is none; a later start with another programme.yaml changes nothing."""
    await uow.fetch(_SEED, effective_from, orjson.dumps(body).decode())


class Policies(Generic[M]):
    """Reads a service's policies as `model`; parsed versions are kept, since they never change."""

    def __init__(self, model: type[M]) -> None:
        self._model = model
        self._parsed: dict[str, M] = {}

    async def at(self, uow: UnitOfWork, instant: datetime) -> tuple[int, M]:
        """The version in force at `instant` and its content. Raises PolicyMissing."""
        rows = await uow.fetch(_AT, instant)
        if not rows:
            raise PolicyMissing(instant=instant.isoformat())
        version, body = rows[0]
        if body not in self._parsed:
            self._parsed[body] = self._model.model_validate_json(body)
        return version, self._parsed[body]
