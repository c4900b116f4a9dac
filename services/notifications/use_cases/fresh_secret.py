"""Make a signing secret."""

from base64 import b64encode
from datetime import datetime
from secrets import token_bytes

from services.notifications.domain.secrets import Secret, SecretId
from shared.chassis.ids import new_id

_BYTES = 32  # Standard Webhooks asks for 24 to 64


def fresh_secret(*, now: datetime) -> Secret:
    """A random secret that signs from now on, in the form of Standard Webhooks."""
    return Secret(SecretId(new_id()), f"whsec_{b64encode(token_bytes(_BYTES)).decode()}", created_at=now)
