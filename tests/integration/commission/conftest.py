"""Commission on a real database, without a broker: events are handed over as records, its API is called in process."""

from base64 import urlsafe_b64encode

import httpx2
import pytest
from pydantic import SecretStr

from shared.chassis.service import Service
from shared.chassis.testing.stage import Stage


@pytest.fixture
async def commission(stage: Stage) -> Service:
    return await stage.launch("commission", worker=False, secret_keys=SecretStr(urlsafe_b64encode(bytes(32)).decode()))


@pytest.fixture
async def operator(stage: Stage, commission: Service) -> httpx2.AsyncClient:
    return stage.client(commission)
