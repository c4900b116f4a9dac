"""What holds of everything that registration publishes, whatever it was that it did."""

import json
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import yaml

from shared.schemas.base import Event
from tests.integration.registration.world import World
from tests.support.reading.facts import Fact

ROOT = Path(__file__).parents[3]
# Where an aggregate's sequence is the version of its row; `exactly` where nothing else counts there.
_VERSIONS = {
    "DealFact": ("select version from deals where id = $1", True),
    "LeadEvent": ("select version from leads where id = $1", True),
    "ConflictFact": ("select version from conflict_sides where id = $1", True),
    "WaitingFact": ("select version from waiting_list where id = $1", True),
    "CosellFact": ("select revision from cosell_agreements where id = $1", False),
    "CosellStepOverdue": ("select version from cosell_steps where id = $1", False),
    "AccountFact": ("select version from accounts where id = $1", False),
    "ReviewLate": ("select count(*) from review_steps where deal_id = $1", False),
}


def kind(event: Event) -> str:
    """What the event is a fact of: the oldest of its classes."""
    return next(each.__name__ for each in reversed(type(event).__mro__) if issubclass(each, Event) and each is not Event)


def aggregates(facts: Sequence[Fact]) -> dict[tuple[str, ...], list[Fact]]:
    """The facts of each aggregate; of an agreement, those of each party, which are told the same revision."""
    found: defaultdict[tuple[str, ...], list[Fact]] = defaultdict(list)
    for fact in facts:
        name = "WaitingFact" if str(getattr(fact.event, "waiting_id", None)) == fact.subject else kind(fact.event)
        apart = fact.key if name == "CosellFact" else getattr(fact.event, "source", "") if name == "RereadRequested" else ""
        found[name, fact.subject, apart].append(fact)
    return found


def not_rising(facts: Sequence[Fact]) -> list[object]:
    """Aggregates whose sequence does not rise with each fact."""
    numbers = {name: [fact.sequence for fact in each] for name, each in aggregates(facts).items()}
    return [(name, each) for name, each in numbers.items() if each != sorted(set(each))]


async def off_version(world: World, facts: Sequence[Fact]) -> list[object]:
    """Aggregates whose last fact is not at the version of their row, or beyond it where other things count there too."""
    wrong: list[object] = []
    for (name, _, _), each in aggregates(facts).items():
        sql, exactly = _VERSIONS.get(name, (None, False))
        if sql:
            [(version,)] = await world.rows(sql, each[-1].id)
            if each[-1].sequence > version or (exactly and each[-1].sequence != version):
                wrong.append((name, each[-1], version))
    return wrong


def early(facts: Sequence[Fact]) -> list[object]:
    """Facts that were written down before they happened."""
    return [fact for fact in facts if fact.event.occurred_at > fact.event.recorded_at]


@cache
def _schema(event: type[Event]) -> Any:
    schema = json.loads((ROOT / "shared" / "schemas" / "snapshots" / f"{event.topic}.v{event.version}.json").read_text())
    return jsonschema_rs.validator_for(schema, validate_formats=True)


def misfits(facts: Sequence[Fact]) -> list[object]:
    """Bodies that their JSON Schema does not allow, or that say something which it does not name."""
    unfit = [(fact.body, each.message) for fact in facts for each in _schema(type(fact.event)).iter_errors(orjson.loads(fact.body))]
    return [*unfit, *(fact for fact in facts if not orjson.loads(fact.body).keys() <= type(fact.event).model_fields.keys())]


@cache
def _asyncapi() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docs" / "asyncapi.yaml").read_text())
    return loaded


def undocumented(facts: Sequence[Fact]) -> list[object]:
    """Records whose topic, type or key is not what the documents say of them."""
    return [fact for fact in facts if not _as_documented(fact)]


def _as_documented(fact: Fact) -> bool:
    document, name = _asyncapi(), fact.event.ce_type()
    sent = f"registration.send.{fact.topic}" in document["operations"]
    described = document["components"]["messages"][name]["bindings"]["kafka"]["key"]["description"]
    field = described.removeprefix("the event's ")
    return sent and name in document["channels"][fact.topic]["messages"] and orjson.loads(fact.body)[field] == fact.key


def rekeyed(facts: Sequence[Fact]) -> list[object]:
    """Deals that went to another key without the fact that says so."""
    wrong: list[object] = []
    for (name, _, _), each in aggregates(facts).items():
        for before, after in pairwise(each):
            if name == "DealFact" and (before.key != after.key) is not (after.topic == "deal.reassigned"):
                wrong.append((before, after))
    return wrong
