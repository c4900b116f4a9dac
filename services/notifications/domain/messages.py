"""The body of a webhook, as Standard Webhooks lays it out, and its signature headers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from standardwebhooks import Webhook

from services.notifications.domain.secrets import Secret
from services.notifications.domain.visibility import Body

TEST_EVENT = "endpoint.test"


@dataclass(frozen=True, slots=True)
class Message:
    """What a receiver gets. `id` is the event's id: the same on every attempt, on every endpoint and in the feed."""

    id: str
    event_type: str
    occurred_at: datetime
    data: Body

    @property
    def payload(self) -> str:
        """The exact text that is signed and sent, the same on every attempt."""
        body = {
            "type": self.event_type,
            "timestamp": self.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "data": self.data,
        }
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def signed_headers(secrets: Sequence[Secret], *, message_id: str, payload: str, now: datetime) -> dict[str, str]:
    """The `webhook-*` headers: one signature per live secret, newest first, so that either verifies."""
    if not secrets:
        raise ValueError("an endpoint without a live secret cannot be sent to")
    signatures = [Webhook(secret.text).sign(msg_id=message_id, timestamp=now.astimezone(UTC), data=payload) for secret in secrets]
    return {"webhook-id": message_id, "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": " ".join(signatures)}
