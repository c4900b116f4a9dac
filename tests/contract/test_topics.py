"""The register of topics says what the code does: compared both ways with the schemas and with each service's handlers."""

from pathlib import Path

import pytest
import yaml

from hansa.catalogue import SERVICES, build
from shared.chassis.events.topics import register
from shared.schemas.registry import ALL, TOPICS

REGISTER = Path(__file__).parents[2] / "deploy" / "topics.yaml"
TOPICS_BY_NAME = {topic.name: topic for topic in register(REGISTER)}


def test_register_when_compared_with_the_schemas_then_both_name_the_same_topics() -> None:
    assert set(TOPICS_BY_NAME) == set(TOPICS)


@pytest.mark.parametrize("service", SERVICES)
def test_consumers_when_compared_with_the_handlers_then_both_say_the_same(service: str) -> None:
    registered = {name for name, topic in TOPICS_BY_NAME.items() if service in topic.consumers}
    assert registered == set(build(service).handlers.topics)


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.topic)
def test_owner_when_compared_with_the_schema_then_it_is_the_service_that_the_module_names(event: type) -> None:
    documented = event.__module__.rpartition(".")[2]
    names = ("accounts", "conflicts", "coselling", "deals", "leads", "reviews", "waiting", "crm")
    owners = {**dict.fromkeys(names, "registration"), "cash": "commission"}
    assert TOPICS_BY_NAME[event.topic].owner == owners.get(documented, documented)


def test_register_when_read_then_every_name_in_it_is_a_service_or_external() -> None:
    named = {name for topic in TOPICS_BY_NAME.values() for name in (topic.owner, *topic.producers, *topic.consumers)}
    assert named <= {*SERVICES, "external"}


def test_register_when_read_then_every_entry_is_complete_and_has_no_key_too_many() -> None:
    raw = yaml.safe_load(REGISTER.read_text())["topics"]
    keys = {"owner", "producers", "consumers", "partitions", "retention", "meaning"}
    assert {name for name, entry in raw.items() if set(entry) != keys} == set()


def test_personal_data_when_a_topic_carries_it_then_it_is_compacted() -> None:
    personal = {event.topic for event in ALL if {"email", "phone"} & event.model_fields.keys()}
    compacted = {name for name, topic in TOPICS_BY_NAME.items() if topic.retention == "compact"}
    assert personal == compacted
