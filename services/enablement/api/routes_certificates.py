"""Certificates over HTTP."""

from functools import partial
from typing import Annotated
from uuid import UUID

from services.enablement.api.caller import InForce, partner_of
from services.enablement.api.models import CertificateView, NewCertificate
from services.enablement.domain.record import PersonId
from services.enablement.store import records
from services.enablement.use_cases.certify import certify
from services.enablement.use_cases.learning import catalogue_at
from shared.chassis.http import Page, PageQuery, Principal, Router, Uow, requires

router = Router(prefix="/v1/certificates", tags=["certificates"])


@router.post("", status_code=201)
async def issue(
    body: NewCertificate, uow: Uow, programme: InForce, actor: Annotated[Principal, requires("certificates:write")]
) -> CertificateView:
    """Certify a person who passed; the course must be completed, and each completion leads to one certificate."""
    person_id, partner_id = PersonId(body.person_id), partner_of(actor, body)
    at = body.passed_at or uow.now
    certificate = await certify(uow, programme, person_id=person_id, partner_id=partner_id, course_id=body.course_id, at=at)
    return CertificateView.of(certificate, catalogue=await catalogue_at(uow, programme, instant=uow.now), now=uow.now)


@router.get("")
async def index(
    uow: Uow,
    actor: Annotated[Principal, requires("certificates:read")],
    programme: InForce,
    paging: PageQuery,
    person_id: UUID | None = None,
) -> Page[CertificateView]:
    """Certificates in the order in which they were written down, with their validity at this moment."""
    after = paging.after(UUID)
    rows = await records.page_certificates(
        uow, after=after[0] if after else None, limit=paging.limit + 1, partner_id=actor.partner_id, person_id=person_id
    )
    view = partial(CertificateView.of, catalogue=await catalogue_at(uow, programme, instant=uow.now), now=uow.now)
    return paging.page(rows, view=view, key=lambda certificate: (certificate.id,))
