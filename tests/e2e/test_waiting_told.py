"""What becomes of a place in line, from the request over Kafka to the webhook of the partner whose place it is, and to nobody else's."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from shared.chassis.service import Service
from shared.chassis.testing import ManualClock, eventually
from shared.chassis.testing.records import Told, record
from shared.chassis.testing.stage import Stage
from shared.schemas.partners import PartnerActivated, PartnerType
from tests.integration.notifications.receivers import Receiver, Receivers
from tests.support.asgi import Client
from tests.support.world import launch

HOLDER, WAITS, STRANGER = UUID(int=0xB01DE5), UUID(int=0xA17), UUID(int=0x57A)
ACME = {"account_name": "Acme as the holder calls it", "account_domain": "acme-waited.com", "families": ["GTX"], "country": "DE"}
WAITED = ACME | {"account_name": "Acme as who waits calls it"}
ZEBRA = {"account_name": "Zebra as the holder calls it", "account_domain": "zebra-waited.com", "families": ["GTX"], "country": "DE"}
HEAD = {"occurred_at", "recorded_at", "partner_id", "waiting_id", "account_name", "families", "territory"}


@dataclass
class Programme:
    """Registration and notifications on Kafka, three partners and the vendor with an endpoint each."""

    stage: Stage
    registration: Service
    notifications: Service
    receivers: dict[UUID | None, tuple[Receiver, str]]

    def client(self, service: Service, who: UUID | None) -> Client:
        return Client(service.app, token=self.stage.token("partner" if who else "operator", partner_id=who))

    async def post(self, path: str, who: UUID | None, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = await self.client(self.registration, who).post(f"/v1/{path}", json=body or {})
        assert answer.status < 300 or answer.json["code"] == "account_taken", answer.body
        found: dict[str, Any] = answer.json
        return found

    async def place(self) -> dict[str, Any]:
        [place] = (await self.client(self.registration, WAITS).get("/v1/waiting")).json["items"]
        assert isinstance(place, dict)
        return place

    def heard(self, who: UUID | None) -> list[dict[str, Any]]:
        """The signed contents that have come to somebody's endpoint."""
        receiver, secret = self.receivers[who]
        return [post.opened(secret) for post in receiver.posts]

    async def told(self, topic: str, *, who: UUID | None = WAITS) -> dict[str, Any]:
        """What the webhook of this type says, as soon as it has come."""

        async def come() -> list[dict[str, Any]]:
            return [each for each in self.heard(who) if each["type"] == topic]

        [told] = await eventually(come, what=topic, within_s=60)
        data: dict[str, Any] = told["data"]
        return data

    async def feed(self, who: UUID) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await self.client(self.notifications, who).get("/v1/feed?limit=250")).json["items"]
        return items


@pytest.fixture
def clock() -> ManualClock:
    """Begins at the real time: receivers verify signatures against it."""
    return ManualClock(datetime.now(UTC))


@pytest.fixture
async def programme(stage: Stage) -> AsyncIterator[Programme]:
    running = Receivers()
    services = [
        await launch(stage, "registration", worker=True),
        await launch(stage, "notifications", worker=True, allow_private_targets=True, sender_poll_s=0.05),
    ]
    programme = Programme(stage, *services, {})
    async with programme.registration.platform.worker_database.transaction() as uow:
        await uow.fetch("""update policies set body = body || '{"waiting_list": {"open": true, "offer_hours": 48}}'::jsonb""")
    for number, who in enumerate((HOLDER, WAITS, STRANGER, None)):
        if who:
            await _join(programme, who, number)
        receiver = await running.start()
        opened = await programme.client(programme.notifications, who).post("/v1/endpoints", json={"url": receiver.url})
        assert opened.status == 201, opened.body
        programme.receivers[who] = receiver, opened.json["secret"]
    yield programme
    await running.close()


async def _join(programme: Programme, who: UUID, number: int) -> None:
    now, kind = programme.stage.clock.now(), PartnerType.RESELLER_AFFILIATE
    fact = PartnerActivated(
        occurred_at=now, recorded_at=now, partner_id=who, name=f"Partner {number}", partner_type=kind, region="EMEA", enrolled_at=now
    )
    for service in (programme.registration, programme.notifications):
        if PartnerActivated in service.handlers.events:
            await service.worker.processor.process([record(Told(fact), number=number, service="partners")])


async def _offered_and_taken_back(programme: Programme) -> None:
    """The account becomes free and is offered; then it turns out to be one that the holder has under another name."""
    deal = await programme.post("deals", HOLDER, ACME)
    await programme.post("deals", WAITS, WAITED | {"wait": True})
    await programme.post(f"deals/{deal['id']}/withdraw", HOLDER, {"reason": "over"})
    await programme.registration.worker.timers.run_due()
    await eventually(lambda: _stands(programme, "offered"), what="the offer")
    zebra = await programme.post("deals", HOLDER, ZEBRA)
    merged = {"into": deal["account_id"], "reason": "one company", "keep": {"deal_ids": [zebra["id"]]}}
    await programme.post(f"accounts/{zebra['account_id']}/merge", None, merged)


async def _stands(programme: Programme, state: str) -> bool:
    return bool((await programme.place())["state"] == state)


async def test_place_when_its_offer_is_taken_back_and_it_ends_then_its_partners_webhook_alone_says_so(programme: Programme) -> None:
    await _offered_and_taken_back(programme)
    place = (await programme.place())["id"]
    withdrawn = await programme.told("account.offer_withdrawn")
    await programme.post(f"waiting/{place}/leave", WAITS)
    ended = await programme.told("account.waiting_ended")

    assert (withdrawn.keys(), ended.keys()) == (HEAD, HEAD | {"reason"})
    assert ended["reason"] == "left"
    for said in (withdrawn, ended):
        assert (said["waiting_id"], said["partner_id"], said["account_name"]) == (place, str(WAITS), WAITED["account_name"])
    for topic in ("account.offer_withdrawn", "account.waiting_ended"):
        assert (await programme.told(topic, who=None))["waiting_id"] == place, "the vendor's staff sees what its partners are told"
    await _nobody_else_heard(programme, place)


async def _nobody_else_heard(programme: Programme, place: str) -> None:
    """Neither by a webhook nor in the feed: all that came before has come, as the last of it has."""
    marks = {who: await programme.post("deals", who, {"account_name": f"Last of {who}", "families": ["MG"]}) for who in (HOLDER, STRANGER)}
    for who, mark in marks.items():

        async def come(who: UUID = who, mark: dict[str, Any] = mark) -> bool:
            return any(each["data"].get("deal_id") == mark["id"] for each in programme.heard(who))

        await eventually(come, what=f"the last webhook of {who}", within_s=60)
        everything = f"{programme.heard(who)} {await programme.feed(who)}"
        assert [secret for secret in (place, str(WAITS), WAITED["account_name"], "account.") if secret in everything] == []
    of_the_waiting = f"{programme.heard(WAITS)} {await programme.feed(WAITS)}"
    assert [
        secret for secret in (str(HOLDER), str(STRANGER), ACME["account_name"], ZEBRA["account_name"]) if secret in of_the_waiting
    ] == []
