"""Rotation with two live secrets, and signatures that either verifies."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from services.notifications.domain.messages import Message, signed_headers
from services.notifications.domain.refusals import RotationUnderWay
from services.notifications.domain.secrets import Secret, SecretId, live, rotated

NOW = datetime.now(UTC)
DAY = timedelta(hours=24)


def secret(number: int, *, created_at: datetime = NOW, expires_at: datetime | None = None) -> Secret:
    return Secret(SecretId(UUID(int=number)), "whsec_" + "ABCD" * 8 + f"{number:04d}", created_at, expires_at)


def test_rotation_keeps_the_former_secret_for_the_overlap() -> None:
    first, second = secret(1, created_at=NOW - DAY), secret(2)
    secrets = rotated([first], fresh=second, overlap=DAY, immediate=False, now=NOW)
    assert [s.id for s in live(secrets, now=NOW)] == [second.id, first.id]
    assert [s.id for s in live(secrets, now=NOW + DAY - timedelta(seconds=1))] == [second.id, first.id]
    assert [s.id for s in live(secrets, now=NOW + DAY)] == [second.id]


def test_rotation_during_the_overlap_is_refused() -> None:
    two = rotated([secret(1)], fresh=secret(2), overlap=DAY, immediate=False, now=NOW)
    with pytest.raises(RotationUnderWay):
        rotated(two, fresh=secret(3), overlap=DAY, immediate=False, now=NOW + timedelta(hours=1))
    assert len(rotated(two, fresh=secret(3), overlap=DAY, immediate=False, now=NOW + DAY)) == 2


def test_immediate_rotation_revokes_all_former_secrets() -> None:
    two = rotated([secret(1)], fresh=secret(2), overlap=DAY, immediate=False, now=NOW)
    assert rotated(two, fresh=secret(3), overlap=DAY, immediate=True, now=NOW) == [secret(3)]


def test_signature_of_two_live_secrets_verifies_with_either_and_no_other() -> None:
    payload = Message("evt", "deal.closed", NOW, {"name": "Müller"}).payload
    headers = signed_headers([secret(1), secret(2)], message_id="evt", payload=payload, now=NOW)
    assert len(headers["webhook-signature"].split(" ")) == 2
    for number in (1, 2):
        assert Webhook(secret(number).text).verify(payload.encode(), headers)["type"] == "deal.closed"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret(3).text).verify(payload, headers)


def test_signature_covers_the_timestamp() -> None:
    headers = signed_headers([secret(1)], message_id="evt", payload="{}", now=NOW)
    headers["webhook-timestamp"] = str(int(headers["webhook-timestamp"]) + 1)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret(1).text).verify("{}", headers)


def test_secret_text_is_not_shown_by_repr() -> None:
    assert "whsec_" not in repr(secret(1))
