"""The peer: what a plain FastStream service with an ORM looks like. One message, one session, one commit."""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from sqlalchemy import BigInteger
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from benchmarks.ground import Ground, until
from shared.schemas.deals import DealClosed


class Base(DeclarativeBase):
    pass


class PartnerRow(Base):
    __tablename__ = "naive_partners"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    revenue: Mapped[int] = mapped_column(BigInteger, default=0)
    balance: Mapped[int] = mapped_column(BigInteger, default=0)


class EntryRow(Base):
    __tablename__ = "naive_entries"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    partner_id: Mapped[UUID]
    deal_id: Mapped[UUID] = mapped_column(unique=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    closed_at: Mapped[datetime]


def schedule(revenue: int) -> int:
    """The default plan in cents, half-up: 15 % of the first 100,000, 20 % up to 500,000, 25 % above."""
    thousandths = 150 * min(revenue, 10_000_000) + 200 * min(max(revenue - 10_000_000, 0), 40_000_000) + 250 * max(revenue - 50_000_000, 0)
    return (thousandths + 500) // 1000


async def run(ground: Ground, deals: Sequence[DealClosed]) -> float:
    """Events a second, from the first commit to the last."""
    from benchmarks.pipeline import publish

    prefix = await ground.topics()
    await publish(ground, prefix, deals)
    roles = await ground.roles("bench_naive")
    engine = create_async_engine(roles.migrator_url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    broker = KafkaBroker(ground.kafka.bootstrap, logger=None)
    times: list[float] = []

    @broker.subscriber(f"{prefix}deal.closed", group_id=f"{prefix}naive", auto_offset_reset="earliest", ack_policy=AckPolicy.NACK_ON_ERROR)
    async def on_closed(deal: DealClosed) -> None:
        async with sessions() as session, session.begin():
            partner = await session.get(PartnerRow, deal.partner_id, with_for_update=True)
            if partner is None:
                partner = PartnerRow(id=deal.partner_id, revenue=0, balance=0)
                session.add(partner)
            before = schedule(partner.revenue)
            partner.revenue += deal.amount.amount_minor
            amount = schedule(partner.revenue) - before
            partner.balance += amount
            session.add(
                EntryRow(
                    id=uuid4(), partner_id=partner.id, deal_id=deal.deal_id, amount=amount, closed_at=deal.closed_at.replace(tzinfo=None)
                )
            )
        times.append(time.perf_counter())

    await broker.start()
    try:
        await until(lambda: _reached(times, len(deals)))
        return (len(deals) - 1) / (times[-1] - times[0])
    finally:
        await broker.stop()
        await engine.dispose()


async def _reached(times: list[float], count: int) -> bool:
    await asyncio.sleep(0)
    return len(times) >= count
