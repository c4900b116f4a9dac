"""A sender in a process of its own, to be killed."""

import asyncio
import os

from services.notifications.service import build
from services.notifications.settings import Settings
from shared.chassis.clock import SystemClock


async def main() -> None:
    service = build(Settings.model_validate_json(os.environ["SENDER_SETTINGS"]), clock=SystemClock())
    await service.extras[0].start()
    await asyncio.sleep(30)


if __name__ == "__main__":
    asyncio.run(main())
