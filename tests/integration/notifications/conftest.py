"""The service without Kafka: events handed to its processor, its sender started alone, receivers on the loopback."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from shared.chassis.testing import ManualClock
from shared.chassis.testing.stage import Stage
from tests.integration.notifications.receivers import Receivers
from tests.integration.notifications.world import World


@pytest.fixture
def clock() -> ManualClock:
    """Begins at the real time: receivers verify signatures against it."""
    return ManualClock(datetime.now(UTC))


@pytest.fixture
async def receivers() -> AsyncIterator[Receivers]:
    """HTTP servers that partners might run."""
    running = Receivers()
    yield running
    await running.close()


@pytest.fixture
async def world(stage: Stage, receivers: Receivers) -> AsyncIterator[World]:
    """One database, any number of processes on it."""
    keys = Fernet.generate_key().decode()
    standing = World(stage, settings={"secret_keys": SecretStr(keys), "allow_private_targets": True, "sender_poll_s": 0.05})
    yield standing
    await standing.close()
