"""Tell Hansa of opportunities over your own connection to Kafka: each line of standard input is one, as JSON.

    pip install aiokafka
    python producer.py localhost:9092 salesforce < opportunities.ndjson

A line needs what the schema requires (`docs/schemas/crm.opportunity_changed.v1.json`) without `source` and `recorded_at`.
"""

import asyncio
import hashlib
import json
import sys
from datetime import UTC, datetime

from aiokafka import AIOKafkaProducer

TOPIC = "crm.opportunity_changed"


def record(source, line):
    """Key, headers and body of one opportunity's state."""
    fact = {"source": source, "recorded_at": datetime.now(UTC).isoformat(), **json.loads(line)}
    # The same state again gets the same id, so that a repeat has no effect; another state gets another.
    state = f"{fact['external_id']} {fact.get('source_version') or line.strip()}"
    headers = {
        "ce_specversion": "1.0",
        "ce_id": hashlib.sha256(state.encode()).hexdigest(),
        "ce_type": "hansa.crm.opportunity_changed.v1",
        "ce_source": f"/{source}",
        "ce_subject": fact["external_id"],
        "ce_time": fact["recorded_at"],
        "content-type": "application/json",
    }
    if "source_version" in fact:
        headers["ce_sequence"] = str(fact["source_version"])
    # Keyed by the opportunity: its states keep their order, also when it goes to another partner.
    return fact["external_id"].encode(), [(name, value.encode()) for name, value in headers.items()], json.dumps(fact).encode()


async def main(bootstrap, source, topic=TOPIC):
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        for line in filter(str.strip, sys.stdin):
            key, headers, body = record(source, line)
            await producer.send_and_wait(topic, body, key=key, headers=headers)
    finally:
        await producer.stop()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
