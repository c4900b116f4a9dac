"""Malformed, repeated, reordered and contradictory opportunities at once: nothing fails, nothing is lost, and the newest stands."""

import random
from typing import Any
from uuid import uuid4

import orjson
import pytest

from services.registration.domain.intake.fixes import FIXES
from shared.chassis.testing.stage import Stage
from tests.integration.registration.intake_world import DAY, START, rule
from tests.integration.registration.world import World

_AGREE = """
select (select count(*) from deals where state = 'open'), (select sum(open_deals) from registration_quotas)"""
_SLOTS = """
select 1 from protection_slots s join deals d on d.id = s.deal_id
where not d.granted or upper(s.during) > coalesce(d.protection_ended_at, d.protected_until)"""
_SEQUENCES = """
select headers::jsonb->>'ce_subject', array_agg((headers::jsonb->>'ce_sequence')::int order by id) from outbox
where aggregatetype like 'deal.%' and aggregatetype <> 'deal.duplicate_refused' group by 1"""
_NOISE = [
    b"{",
    b"null",
    b"[]",
    b'{"source": "crm"}',
    b'{"source": "crm", "external_id": "O1", "stage": 7}',
    b'"\xff"',
    b"1e400",
    b'{"a":' * 50,
]


def _state(world: World, chance: random.Random, number: int, version: int) -> dict[str, Any]:
    """The state that this version of this opportunity has, and no other."""
    own = random.Random(f"{chance.random()}") if version == 0 else random.Random(f"{number}/{version}")
    stage = own.choice(["open", "won", "lost", "won"])
    closed = {"closed_at": (START + own.randrange(1, 50) * DAY).isoformat(), "amount": f"{own.randrange(1, 9)}00.00"}
    return {
        "source": "crm",
        "external_id": f"O{number}",
        "partner_id": str(own.choice([world.partner_id, world.rival_id])),
        "account_name": f"Acme {number % 5}",
        "families": own.sample(["GTX", "GTK", "MG"], own.randrange(1, 3)),
        "engaged_at": (START + number * DAY).isoformat(),
        "source_version": version,
        "stage": stage,
        **({} if stage == "open" else closed),
    }


def _spoilt(told: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    spoilt: dict[str, Any] = {
        "amount": "x", "closed_at": None, "partner_id": str(uuid4()), "engaged_at": "soon", "origin": "hansa:?", "families": [],
        "currency": "ZZZ", "stage": 3, "credits": [{"partner_id": told["partner_id"], "share": "1/2"}], "source_version": -1,
    }  # fmt: skip
    name = chance.choice(sorted(spoilt))
    return told | {name: spoilt[name]}


@pytest.mark.parametrize("exclusivity", ["record", "enforce"])
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_intake_when_everything_comes_at_once_then_it_stands_and_the_books_agree(stage: Stage, seed: int, exclusivity: str) -> None:
    world = await World.open(stage)
    await rule(world, on_owner_change="follow" if seed % 2 else "review", sources={"crm": {"versions": "contiguous"}})
    chance = random.Random(seed)
    for _ in range(12):
        lines = [_line(world, chance) for _ in range(chance.randrange(1, 40))]
        answer = await world.staff.post(f"/v1/imports?exclusivity={exclusivity}", content=b"\n".join(lines))
        assert answer.status_code == 200, answer.text
        results = [orjson.loads(line) for line in answer.content.splitlines()]
        assert len(results) == len(lines)
        assert {one["code"] for one in results if one["result"] == "refused"} <= FIXES.keys()
    await _check(world)


def _line(world: World, chance: random.Random) -> bytes:
    if chance.random() < 0.05:
        return chance.choice(_NOISE)
    told = _state(world, chance, chance.randrange(8), chance.randrange(1, 7))
    if chance.random() < 0.15:
        told = _spoilt(told, chance)
    if chance.random() < 0.05:  # another content under the same version
        told["account_name"] = "Somebody else"
    return orjson.dumps(told)


async def _check(world: World) -> None:
    [(opened, quota)] = await world.rows(_AGREE)
    assert opened == quota
    assert await world.rows(_SLOTS) == []
    for _, numbers in await world.rows(_SEQUENCES):
        assert numbers == list(range(1, len(numbers) + 1))
    for external_id, version, state in await world.rows("select external_id, source_version, state from deals where source is not null"):
        told = _state(world, random.Random(0), int(external_id[1:]), version)
        assert state == told["stage"]
    twice = "select 1 from intake_errors where state = 'open' group by source, name having count(*) > 1"
    assert await world.rows(twice) == []
