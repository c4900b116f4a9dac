"""The whole worker on Kafka: from a record on a topic to its webhook, within one trace."""

from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.chassis.testing import eventually
from shared.chassis.testing.records import Told, record
from tests.integration.notifications.receivers import Receivers
from tests.integration.notifications.world import ALBA, World

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_record_when_published_then_its_webhook_arrives_as_a_child_of_its_trace(world: World, receivers: Receivers) -> None:
    receiver, spans = await receivers.start(), InMemorySpanExporter()
    endpoint = await world.endpoint(receiver.url, partner_id=ALBA)
    service = await world.stage.build("notifications", **world.settings)
    service.platform.telemetry.export_spans_to(spans)
    await service.start_worker()
    raw = record(Told(world.withdrawn()), number=1)
    wire = await world.stage.wire()
    await wire.send(raw.topic, raw.value, key=raw.key, headers=[*raw.headers, ("traceparent", PARENT.encode())])
    (post,) = await eventually(receiver.heard)
    assert post.opened(endpoint["secret"])["type"] == "deal.withdrawn"
    await world.settled(endpoint, "delivered")
    webhook = next(span for span in spans.get_finished_spans() if span.name == "webhook deal.withdrawn")
    process = next(span for span in spans.get_finished_spans() if span.name == "process deal.withdrawn")
    assert post.headers["traceparent"].split("-")[2] == f"{webhook.context.span_id:016x}"
    assert webhook.parent is not None
    assert webhook.parent.span_id == process.context.span_id
    assert process.parent is not None
    assert process.parent.span_id == int(PARENT.split("-")[2], 16)
