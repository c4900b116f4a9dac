"""The sender: claims due deliveries, posts each in a task of its own, and has the outcome written down."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog

from services.notifications.domain.deliveries import Due
from services.notifications.domain.lanes import Limits, Room, Sending, full, room
from services.notifications.domain.rules import Rules
from services.notifications.policy import Programme
from services.notifications.sending.attempt import Courier
from services.notifications.sending.settling import Settler
from services.notifications.sending.waking import Listener
from services.notifications.settings import Settings
from services.notifications.store import outgoing
from services.notifications.store.secrets import Sealed, Secrets
from shared.chassis.database import Database
from shared.chassis.vault import VaultClosed

_log = structlog.get_logger(__name__)
_AFTER_FAULT_S = 1.0


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A delivery to send, with its endpoint's secrets."""

    due: Due
    secrets: Sequence[Sealed]


class Sender:
    """Runs in each worker; leases keep several apart. `start` and `stop` are called once."""

    def __init__(
        self, settings: Settings, *, database: Callable[[], Database], programme: Programme, secrets: Secrets, courier: Courier
    ) -> None:
        self._database = database
        self._programme = programme
        self._secrets = secrets
        self._courier = courier
        self._poll_s = settings.sender_poll_s
        self._margin = timedelta(seconds=settings.lease_margin_s)
        self._limits = Limits(
            fast=settings.sends_fast,
            slow=settings.sends_slow,
            most=settings.sends_most,
            each=settings.sends_each,
            slow_after=settings.slow_after_s,
        )
        self._wake = asyncio.Event()
        self._listener = Listener(settings.worker_url, wake=self._wake)
        self._settler = Settler(database)
        self._under_way: dict[asyncio.Task[None], Sending] = {}
        self._crowded = False
        self._full: frozenset[UUID] = frozenset()
        self._grace_s = 0.0
        self._loop: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to send."""
        await self._courier.open()
        await self._settler.start()
        await self._listener.start()
        self._loop = asyncio.create_task(self._run(), name="webhook-sender")

    async def stop(self) -> None:
        """Claim nothing more, let what is under way end within its time limit, and write it down."""
        if self._loop is None:
            return
        self._loop.cancel()
        await asyncio.gather(self._loop, return_exceptions=True)
        await self._listener.stop()
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=self._grace_s)
            for task in late:
                task.cancel()
        await self._settler.stop(within_s=10)
        await self._courier.close()

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            pause = self._poll_s
            try:
                if await self._send_due():
                    continue
            except VaultClosed as error:
                _log.error("webhooks_not_sent", error=error.message)
                pause = _AFTER_FAULT_S
            except Exception as error:  # noqa: BLE001 - whatever it was, the next look may succeed; nothing claimed is lost
                _log.warning("webhook_sender", error=repr(error)[:500])
                pause = _AFTER_FAULT_S
            await self._woken(within_s=pause)

    async def _woken(self, *, within_s: float) -> None:
        try:
            async with asyncio.timeout(within_s):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _send_due(self) -> bool:
        """Claim what is due and there is room for, and start it. Returns whether there may be more at once."""
        self._secrets.vault.check()
        space = room(self._limits, under_way=[*self._under_way.values()], now=time.monotonic())
        self._crowded = space.none
        if space.none:
            return False
        began = time.monotonic()
        rules, claimed = await self._claim(space)
        self._grace_s = rules.attempt.total_seconds()
        latest = began + self._margin.total_seconds()
        self._full = full(self._limits, space, started=[self._start(each, rules=rules, latest=latest) for each in claimed])
        slow = sum(each.due.suspect for each in claimed)
        self._crowded = len(claimed) - slow >= space.fast or slow >= space.slow
        return self._crowded and bool(claimed)

    async def _claim(self, space: Room) -> tuple[Rules, list[_Claimed]]:
        async with self._database().transaction() as uow:
            rules = await self._programme.at(uow, uow.now)
            due = await outgoing.claim(uow, space, limits=self._limits, lease=rules.attempt + self._margin)
            sealed = await self._secrets.sealed(uow, {each.endpoint_id for each in due}) if due else {}
        return rules, [_Claimed(each, sealed.get(each.endpoint_id, [])) for each in due]

    def _start(self, claimed: _Claimed, *, rules: Rules, latest: float) -> Sending:
        task = asyncio.create_task(self._send(claimed, rules=rules, latest=latest))
        sending = Sending(claimed.due.endpoint_id, time.monotonic(), suspect=claimed.due.suspect)
        self._under_way[task] = sending
        task.add_done_callback(self._ended)
        return sending

    def _ended(self, task: asyncio.Task[None]) -> None:
        ended = self._under_way.pop(task)
        if self._crowded or ended.endpoint_id in self._full:
            self._wake.set()  # a place became free that something due may wait for
        if not task.cancelled() and (error := task.exception()):
            _log.error("webhook_send_failed", error=repr(error)[:500])

    async def _send(self, claimed: _Claimed, *, rules: Rules, latest: float) -> None:
        if time.monotonic() > latest:
            return  # this process stood still meanwhile: the lease may have gone to another sender
        secrets = claimed.secrets
        settled = await self._courier.deliver(claimed.due, lambda: self._secrets.opened(secrets), rules=rules, luck=random.random())
        self._settler.put(settled)
