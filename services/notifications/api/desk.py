"""What the routes take from the application besides the transaction: the programme and the sealed secrets."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from services.notifications.policy import Programme
from services.notifications.store.secrets import Secrets


@dataclass(frozen=True, slots=True)
class Desk:
    """Made once, where the service is put together."""

    programme: Programme
    secrets: Secrets


async def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(_desk)]
