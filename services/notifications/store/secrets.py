"""Signing secrets as sealed rows."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from services.notifications.domain.endpoints import Endpoint, EndpointId
from services.notifications.domain.secrets import Secret, SecretId
from services.notifications.store.tables import endpoint_secrets
from shared.chassis.database import UnitOfWork
from shared.chassis.vault import Vault


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret as the database holds it."""

    id: SecretId
    content: bytes
    created_at: datetime
    expires_at: datetime | None


class Secrets:
    """Reads and writes secrets, sealed by `vault`."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault

    async def sealed(self, uow: UnitOfWork, endpoint_ids: Iterable[UUID]) -> dict[EndpointId, list[Sealed]]:
        """All kept secrets of the endpoints, live or not."""
        rows = await uow.execute(sa.select(endpoint_secrets).where(endpoint_secrets.c.endpoint_id.in_(set(endpoint_ids))))
        found: dict[EndpointId, list[Sealed]] = defaultdict(list)
        for row in rows:
            found[EndpointId(row.endpoint_id)].append(Sealed(SecretId(row.id), row.sealed, row.created_at, row.expires_at))
        return found

    def opened(self, sealed: Iterable[Sealed]) -> list[Secret]:
        """The secrets in clear. Raises VaultClosed."""
        return [Secret(each.id, self.vault.open(each.content), each.created_at, each.expires_at) for each in sealed]

    async def replace(self, uow: UnitOfWork, endpoint: Endpoint, secrets: Sequence[Secret]) -> None:
        """Make `secrets` the endpoint's secrets; call it under the lock of the endpoint's row. Raises VaultClosed."""
        await uow.execute(sa.delete(endpoint_secrets).where(endpoint_secrets.c.endpoint_id == endpoint.id))
        rows = [
            {
                "id": secret.id,
                "endpoint_id": endpoint.id,
                "partner_id": endpoint.partner_id,
                "sealed": self.vault.seal(secret.text),
                "created_at": secret.created_at,
                "expires_at": secret.expires_at,
            }
            for secret in secrets
        ]
        await uow.execute(sa.insert(endpoint_secrets), rows)
