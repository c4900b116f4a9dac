"""Commission on a real database, without a broker: events are handed over as records, its API is called in process."""

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator

import httpx2
import pytest
from pydantic import SecretStr

from shared.chassis.service import Service
from shared.chassis.testing.clock import ManualClock
from shared.chassis.testing.stage import Stage
from tests.integration.commission.parties import Parties


@pytest.fixture
async def commission(stage: Stage) -> Service:
    return await stage.launch("commission", worker=False, secret_keys=SecretStr(urlsafe_b64encode(bytes(32)).decode()))


@pytest.fixture
async def operator(stage: Stage, commission: Service) -> httpx2.AsyncClient:
    return stage.client(commission)


@pytest.fixture
async def parties(stage: Stage, commission: Service, operator: httpx2.AsyncClient, clock: ManualClock) -> AsyncIterator[Parties]:
    """After each test the books balance and replay as they are."""
    parties = Parties(commission, stage, clock, operator)
    yield parties
    assert await parties.audited()
