"""What a partner lists is found by an index on its partner: row-level security alone is an OR, for which every row of all is read."""

import re
from uuid import UUID

import pytest

from shared.chassis.identity.roles import ROLE_SCOPES, Role
from shared.chassis.testing.stage import Stage
from shared.chassis.testing.statements import heard
from tests.support.services import SERVICES, build, shared_tables, transactional
from tests.support.world import launch

PARTNER = UUID(int=5)
_NAMES_A_PARTNER = re.compile(r"\b(partner_id|partners\.id) = (any\()?\$\d")


def _lists() -> list[tuple[str, str]]:
    """Every list that a partner may read without naming anything."""
    return [
        (name, context.path_format)
        for name in SERVICES
        for context, route in transactional(build(name).app)
        if "GET" in (context.methods or ())
        and "{" not in context.path_format
        and route.scope in ROLE_SCOPES[Role.PARTNER]
        and not any(parameter.field_info.is_required() for parameter in route.dependant.query_params)
    ]


@pytest.mark.parametrize(("name", "path"), _lists())
async def test_list_when_a_partner_reads_it_then_each_statement_names_the_partner(stage: Stage, name: str, path: str) -> None:
    service = await launch(stage, name)
    own = set(service.metadata.tables) - shared_tables(name)
    with heard(service.platform.api_database) as said:
        answer = await stage.client(service, role="partner", partner_id=PARTNER).get(path)
    assert answer.status_code == 200, answer.text
    asked = [" ".join(sql.split()) for sql, _ in said]
    read = [sql for sql in asked if set(re.findall(r"(?:from|join) (\w+)", sql, re.IGNORECASE)) & own]
    assert [sql for sql in read if not _NAMES_A_PARTNER.search(sql)] == []
