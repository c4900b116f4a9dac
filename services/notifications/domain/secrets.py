"""Signing secrets of an endpoint and their rotation: at most two are live, so that a receiver can change without a gap."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NewType
from uuid import UUID

from services.notifications.domain.refusals import RotationUnderWay

SecretId = NewType("SecretId", UUID)


@dataclass(frozen=True, slots=True)
class Secret:
    """`text` is `whsec_` + base64. It signs over `[created_at, expires_at)`, for good while `expires_at` is None."""

    id: SecretId
    text: str
    created_at: datetime
    expires_at: datetime | None = None

    def __repr__(self) -> str:
        return f"Secret({self.id})"


def live(secrets: Sequence[Secret], *, now: datetime) -> list[Secret]:
    """The secrets that sign now, newest first."""
    signing = [secret for secret in secrets if secret.expires_at is None or now < secret.expires_at]
    return sorted(signing, key=lambda secret: (secret.created_at, secret.id), reverse=True)


def rotated(secrets: Sequence[Secret], *, fresh: Secret, overlap: timedelta, immediate: bool, now: datetime) -> list[Secret]:
    """The endpoint's secrets after `fresh` came in: the present one signs along for `overlap`, or not at all if `immediate`.

    Raises RotationUnderWay while two are live: a third would cut off receivers that still know only the first.
    """
    if immediate:
        return [fresh]
    signing = live(secrets, now=now)
    leaving = [secret.expires_at for secret in signing if secret.expires_at is not None]
    if leaving:
        raise RotationUnderWay(until=max(leaving).isoformat(timespec="seconds"))
    return [fresh, *(replace(secret, expires_at=now + overlap) for secret in signing)]
