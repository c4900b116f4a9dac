"""Registrations while faults strike: rivals over HTTP and from a sales system on Kafka, each sent again until it is answered."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx2
from aiokafka.errors import KafkaError

from shared.chassis.identity.issuer import Issuer
from shared.chassis.ids import derived_id
from shared.chassis.testing.records import Told, record
from shared.chassis.testing.wire import Headers, Wire
from shared.schemas.base import Event
from shared.schemas.crm import OpportunityChanged, Stage
from shared.schemas.partners import PartnerActivated

SOURCE = "chaos"
ISSUER = "https://chaos.test"
_NOW = datetime.now(UTC) - timedelta(hours=1)
_PARTNERS = [derived_id("chaos registrant", number) for number in range(6)]
_SYLLABLES = ["ba", "de", "fi", "go", "ku", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "zo"]
_DROPPED = 0.3  # so many give up on their connection before the answer, and ask again
_PATIENCE = 600
_REPEATED = 0.2  # so many ask once more for what they know


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client was told in the end: its deal, or that the account is taken (None); and the receipt."""

    deal_id: UUID | None
    sequence: int
    hash: str


@dataclass
class Registrations:
    """Partners and a sales system that all want the same accounts. `chance` decides who is patient."""

    wire: Wire
    api: str
    issuer: Issuer
    chance: random.Random
    answers: list[Answer] = field(default_factory=list)
    opportunities: set[str] = field(default_factory=set)
    holes: int = 0
    records: int = 0

    async def submit(self, accounts: int, *, pace_s: float) -> None:
        """Have so many accounts contested, one every `pace_s`; the sales system's partners become known in the midst of it."""
        async with httpx2.AsyncClient(base_url=self.api) as client:
            contests = [asyncio.create_task(self._send(*map(_active, _PARTNERS)))]
            for number in range(accounts):
                await asyncio.sleep(pace_s)
                contests.append(asyncio.create_task(self._contest(client, number)))
            await asyncio.gather(*contests)

    async def _contest(self, client: httpx2.AsyncClient, number: int) -> None:
        """Two partners over HTTP and two opportunities at the same time; every third opportunity leaves a version out."""
        name = f"{''.join(self.chance.choices(_SYLLABLES, k=5))} {number}".title()
        first, second, third, fourth = self.chance.sample(_PARTNERS, 4)
        await asyncio.gather(
            self._register(client, name, first),
            self._register(client, name, second),
            self._send(*self._opportunity(name, third), *self._opportunity(name, fourth)),
        )

    async def _register(self, client: httpx2.AsyncClient, name: str, partner_id: UUID) -> None:
        headers = {
            "authorization": f"Bearer {self.issuer.issue('partner', partner_id=partner_id)}",
            "idempotency-key": f"{name} {partner_id}",
        }
        request = client.build_request("POST", "/v1/deals", json={"account_name": name, "families": ["GTX"]}, headers=headers)
        if self.chance.random() < _DROPPED:
            await _abandoned(client, request, after_s=self.chance.uniform(0.002, 0.1))
        answer = await _answered(client, request)
        if self.chance.random() < _REPEATED:
            assert await _answered(client, request) == answer
        self.answers.append(answer)

    def _opportunity(self, name: str, partner_id: UUID) -> list[OpportunityChanged]:
        """Its states; engaged at one moment all, so that whoever comes first is the first."""
        external_id = f"{name} {partner_id}"
        self.opportunities.add(external_id)
        has_hole = self.chance.random() < 1 / 3
        self.holes += has_hole
        return [_state(name, external_id, partner_id, version) for version in ((1, 3) if has_hole else (1,))]

    async def _send(self, *events: Event) -> None:
        """Publish until the broker has said that it has them: what came twice then has the same id."""
        first, self.records = self.records, self.records + len(events)
        raws = [record(Told(event), number=first + number) for number, event in enumerate(events)]
        packed: Sequence[tuple[str, bytes | None, bytes | None, Headers]] = [(raw.topic, raw.key, raw.value, raw.headers) for raw in raws]
        while True:
            try:
                return await self.wire.send_all(packed)
            except (KafkaError, OSError):
                await asyncio.sleep(0.2)


async def _abandoned(client: httpx2.AsyncClient, request: httpx2.Request, *, after_s: float) -> None:
    """Send it and hang up, wherever the service is with it."""
    try:
        async with asyncio.timeout(after_s):
            await client.send(request)
    except (TimeoutError, httpx2.HTTPError):
        pass


async def _answered(client: httpx2.AsyncClient, request: httpx2.Request) -> Answer:
    """Ask under the same key until there is an answer that stands: a deal, or a refusal on record. Raises AssertionError."""
    last = "nothing"
    for _ in range(_PATIENCE):
        try:
            answer = await client.send(request)
        except httpx2.HTTPError as error:
            last = repr(error)
        else:
            if sequence := answer.headers.get("receipt-sequence"):
                deal_id = UUID(answer.json()["id"]) if answer.status_code == 201 else None
                return Answer(deal_id, int(sequence), answer.headers["receipt-hash"])
            last = answer.text
        await asyncio.sleep(0.1)
    raise AssertionError(f"no answer that stands: {last}")


def _state(name: str, external_id: str, partner_id: UUID, version: int) -> OpportunityChanged:
    return OpportunityChanged(
        occurred_at=_NOW,
        recorded_at=_NOW,
        source=SOURCE,
        external_id=external_id,
        partner_id=partner_id,
        account_name=name,
        families=("GTX",),
        engaged_at=_NOW,
        stage=Stage.OPEN,
        source_version=version,
    )


def _active(partner_id: UUID) -> PartnerActivated:
    told = {"name": str(partner_id), "partner_type": "channel", "region": "EMEA"}
    return PartnerActivated.model_validate(told | {"occurred_at": _NOW, "recorded_at": _NOW, "enrolled_at": _NOW, "partner_id": partner_id})
