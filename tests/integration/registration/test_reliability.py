"""The service under redelivery, reordering, cut connections and poison."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from shared.chassis.service import Service
from shared.chassis.testing.records import Told
from shared.chassis.testing.reliability import ReliabilitySuite
from shared.schemas.crm import OpportunityChanged, OpportunityLine, Stage
from shared.schemas.partners import PartnerActivated, PartnerSuspended

_NOW = datetime(2026, 2, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_SLOTS = """
select d.external_id, s.family, s.path, s.during::text from protection_slots s join deals d on d.id = s.deal_id order by 1, 4"""


def _partner(number: int) -> list[Told]:
    """A partner who is active in the end; odd ones were suspended between."""
    times = {"occurred_at": _NOW, "recorded_at": _NOW, "partner_id": UUID(int=number)}
    active = PartnerActivated(**times, name=f"Partner {number}", partner_type="channel", region="EMEA", enrolled_at=_NOW)
    return [Told(active, 1), Told(PartnerSuspended(**times, reason="unpaid"), 2), Told(active, 3)] if number % 2 else [Told(active, 1)]


def _opportunity(partner: int, number: int) -> list[Told]:
    """An opportunity that opens, is won, corrected, and, every third, lost after all. Each partner has accounts of its own."""
    engaged = _NOW - 60 * _DAY + number * _DAY

    def told(stage: Stage, *, after: int, amount: str | None = None) -> Told:
        lines = (OpportunityLine(product="GTX Pro", family="GTX", amount=amount),) if amount else ()
        changed = OpportunityChanged(
            occurred_at=engaged + after * _DAY,
            recorded_at=_NOW,
            source=f"crm-{partner % 2}",
            external_id=f"{partner}-{number}",
            partner_id=UUID(int=partner),
            account_name=f"Account {partner} {number}",
            country="DE",
            families=("GTX",),
            engaged_at=engaged,
            stage=stage,
            closed_at=engaged + after * _DAY if stage is not Stage.OPEN else None,
            lines=lines,
        )
        return Told(changed, 1)

    steps = [told(Stage.OPEN, after=0), told(Stage.WON, after=5, amount="100.00"), told(Stage.WON, after=6, amount="120.50")]
    return [*steps, told(Stage.LOST, after=9)] if number % 3 == 0 else steps


class TestReliability(ReliabilitySuite):
    service = "registration"

    def story(self) -> Sequence[Told]:
        opportunities = [told for partner in range(1, 5) for number in range(1, 4) for told in _opportunity(partner, number)]
        return [*(told for partner in range(1, 5) for told in _partner(partner)), *opportunities]

    async def state(self, service: Service) -> object:
        deals = """
            select partner_id, account_name, external_id, state, version, close_number, revision, closed_at, amount_minor, terms, granted
            from deals order by external_id"""
        async with service.platform.worker_database.transaction() as uow:
            partners = await uow.fetch("select id, state, kind, sequence from known_partners order by id")
            quotas = await uow.fetch("select partner_id, open_deals from registration_quotas order by partner_id")
            slots = await uow.fetch(_SLOTS)
            return [[tuple(row) for row in rows] for rows in (partners, quotas, slots, await uow.fetch(deals))]
