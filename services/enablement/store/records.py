"""Learning records in the store: enrolments (completed ones are the completions) and certificates."""

from dataclasses import asdict
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import sqlalchemy as sa

from services.enablement.domain.courses import CourseId
from services.enablement.domain.record import Certificate, CertificateId, Enrolment, EnrolmentId, PartnerId, PersonId, Record
from services.enablement.store.tables import certificates, enrolments
from shared.chassis.database import UnitOfWork
from shared.chassis.database.rows import Row

Q = TypeVar("Q", bound=tuple[object, ...])


async def locked(uow: UnitOfWork, *, person_id: PersonId, partner_id: PartnerId) -> Record:
    """The person's whole record, held against other writers until the transaction ends; empty for somebody new."""
    await uow.lock(f"person:{person_id}")
    started = sa.select(enrolments).where(enrolments.c.person_id == person_id, enrolments.c.partner_id == partner_id)
    papers = sa.select(certificates).where(certificates.c.person_id == person_id, certificates.c.partner_id == partner_id)
    return Record(
        person_id,
        partner_id,
        tuple(_enrolment(row) for row in await uow.execute(started.order_by(enrolments.c.id))),
        tuple(_certificate(row) for row in await uow.execute(papers.order_by(certificates.c.id))),
    )


async def add_enrolment(uow: UnitOfWork, enrolment: Enrolment) -> None:
    await uow.execute(enrolments.insert().values(**asdict(enrolment)))


async def save_completion(uow: UnitOfWork, enrolment: Enrolment) -> None:
    """Write the end of an enrolment whose record this transaction holds locked."""
    await uow.execute(enrolments.update().where(enrolments.c.id == enrolment.id).values(completed_at=enrolment.completed_at))


async def add_certificate(uow: UnitOfWork, certificate: Certificate) -> None:
    await uow.execute(certificates.insert().values(**asdict(certificate)))


async def due_certificates(uow: UnitOfWork, *, now: datetime, limit: int) -> list[Certificate]:
    """Certificates that have run out unannounced, the longest ago first, held until the transaction ends."""
    query = sa.select(certificates).where(~certificates.c.expired, certificates.c.valid_until <= now)
    query = query.order_by(certificates.c.valid_until).limit(limit).with_for_update(skip_locked=True)
    return [_certificate(row) for row in await uow.execute(query)]


async def save_expired(uow: UnitOfWork, expired: list[Certificate]) -> None:
    """Mark certificates that this transaction holds."""
    await uow.execute(certificates.update().where(certificates.c.id.in_([one.id for one in expired])).values(expired=True))


async def page_enrolments(
    uow: UnitOfWork, *, after: UUID | None, limit: int, partner_id: UUID | None, person_id: UUID | None, completed: bool | None = None
) -> list[Enrolment]:
    """Up to `limit` enrolments after `after`, as they were written down; `completed` picks the finished or the open ones."""
    query = _page(sa.select(enrolments), enrolments, after=after, limit=limit, partner_id=partner_id, person_id=person_id)
    if completed is not None:
        ended = enrolments.c.completed_at
        query = query.where(ended.is_not(None) if completed else ended.is_(None))
    return [_enrolment(row) for row in await uow.execute(query)]


async def page_certificates(
    uow: UnitOfWork, *, after: UUID | None, limit: int, partner_id: UUID | None, person_id: UUID | None
) -> list[Certificate]:
    """Up to `limit` certificates after `after`, as they were written down."""
    query = _page(sa.select(certificates), certificates, after=after, limit=limit, partner_id=partner_id, person_id=person_id)
    return [_certificate(row) for row in await uow.execute(query)]


def _page(
    query: sa.Select[Q], table: sa.Table, *, after: UUID | None, limit: int, partner_id: UUID | None, person_id: UUID | None
) -> sa.Select[Q]:
    query = query.order_by(table.c.id).limit(limit)
    if partner_id:
        query = query.where(table.c.partner_id == partner_id)
    if after:
        query = query.where(table.c.id > after)
    if person_id:
        query = query.where(table.c.person_id == person_id)
    return query


def _enrolment(row: Row) -> Enrolment:
    return Enrolment(
        EnrolmentId(row.id),
        PersonId(row.person_id),
        PartnerId(row.partner_id),
        CourseId(row.course_id),
        row.level,
        enrolled_at=row.enrolled_at,
        completed_at=row.completed_at,
    )


def _certificate(row: Row) -> Certificate:
    return Certificate(
        CertificateId(row.id),
        EnrolmentId(row.enrolment_id),
        PersonId(row.person_id),
        PartnerId(row.partner_id),
        CourseId(row.course_id),
        row.level,
        passed_at=row.passed_at,
        valid_until=row.valid_until,
        expired=row.expired,
    )
