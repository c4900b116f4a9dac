"""The AsyncAPI 3 document of the whole platform, made from the register of topics and the published schemas."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from shared.chassis.events.topics import Topic
from shared.chassis.events.topics import register as read_register
from shared.schemas.base import Event
from shared.schemas.compatibility import document
from shared.schemas.registry import ALL

HEADERS: Mapping[str, tuple[str, bool]] = {
    "ce_specversion": ("always 1.0", True),
    "ce_id": ("UUIDv7 of the event; the same event sent twice has the same id", True),
    "ce_type": ("names the event and its version", True),
    "ce_source": ("the service (or sales system) that wrote it", True),
    "ce_subject": ("id of the aggregate that the fact is about", True),
    "ce_sequence": ("version of the aggregate: a projection keeps the highest", False),
    "ce_time": ("when the event was written, RFC 3339 in UTC; business time is in the body", True),
    "ce_dataschema": ("address of the JSON Schema of the body", False),
    "ce_correlationid": ("id of the request or event that began the chain", False),
    "ce_causationid": ("id of the event that led to this one", False),
    "content-type": ("application/json", False),
    "traceparent": ("W3C trace context; bare, not prefixed", False),
}


def generate(register: Path, *, examples: Path, version: str) -> dict[str, object]:
    """The document: one channel per topic, one message per event version, one operation per service and topic."""
    topics = read_register(register)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Hansa events",
            "version": version,
            "description": "Every event that crosses a service border: CloudEvents 1.0 over Kafka in binary mode. "
            "Order holds per topic and record key. Unknown fields are to be ignored.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"kafka": {"host": "{bootstrap}", "protocol": "kafka", "variables": {"bootstrap": {"default": "127.0.0.1:9092"}}}},
        "channels": {topic.name: _channel(topic) for topic in topics},
        "operations": dict(_operations(topics)),
        "components": {
            "messages": {event.ce_type(): _message(event, examples) for event in ALL},
            "messageTraits": {"cloudEvent": {"headers": _headers()}},
            "schemas": _schemas(ALL),
        },
    }


def _channel(topic: Topic) -> dict[str, object]:
    return {
        "address": topic.name,
        "description": topic.meaning,
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {event.ce_type(): {"$ref": f"#/components/messages/{event.ce_type()}"} for event in ALL if event.topic == topic.name},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {"cleanup.policy": [topic.configuration["cleanup.policy"]], "retention.ms": -1},
            }
        },
        "x-owner": topic.owner,
    }


def _operations(topics: Iterable[Topic]) -> Iterable[tuple[str, dict[str, object]]]:
    for topic in topics:
        for action, services in (("send", topic.producers), ("receive", topic.consumers)):
            for service in services:
                yield (
                    f"{service}.{action}.{topic.name}",
                    {
                        "action": action,
                        "channel": {"$ref": f"#/channels/{topic.name}"},
                        "tags": [{"name": service}],
                        **(
                            {"bindings": {"kafka": {"groupId": {"type": "string", "const": f"hansa.{service}"}}}}
                            if action == "receive"
                            else {}
                        ),
                    },
                )


def _group(service: str) -> dict[str, object]:
    return {"bindings": {"kafka": {"groupId": {"type": "string", "const": f"hansa.{service}"}}}}


def _message(event: type[Event], examples: Path) -> dict[str, object]:
    example = json.loads((examples / f"{event.topic}.v{event.version}.json").read_text())
    return {
        "name": event.ce_type(),
        "title": event.__name__,
        "summary": " ".join((event.__doc__ or "").split()),
        "contentType": "application/json",
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "payload": {"$ref": f"#/components/schemas/{event.__name__}"},
        "bindings": {"kafka": {"key": {"type": "string", "description": f"the event's {event.key_field}"}}},
        "examples": [{"name": "example", "payload": example}],
    }


def _headers() -> dict[str, object]:
    return {
        "type": "object",
        "required": [name for name, (_, required) in HEADERS.items() if required],
        "properties": {name: {"type": "string", "description": meaning} for name, (meaning, _) in HEADERS.items()},
    }


def _schemas(events: Iterable[type[Event]]) -> dict[str, object]:
    """Every event and what it is made of, side by side under one name each. Raises ValueError where two would share a name."""
    found: dict[str, object] = {}
    for event in events:
        schema = {key: value for key, value in document(event).items() if not key.startswith(("$", "x-"))}
        parts = document(event).get("$defs", {})
        assert isinstance(parts, dict)  # noqa: S101 - pydantic writes it so
        for name, part in {event.__name__: schema, **parts}.items():
            moved = _moved(part)
            if found.setdefault(name, moved) != moved:
                raise ValueError(f"two schemas are named {name}: rename one, the document holds each name once")
    return dict(sorted(found.items()))


def _moved(part: object) -> object:
    """The same schema with its references pointing to where this document keeps the parts."""
    if isinstance(part, dict):
        return {key: value.replace("#/$defs/", "#/components/schemas/") if key == "$ref" else _moved(value) for key, value in part.items()}
    return [_moved(item) for item in part] if isinstance(part, list) else part
