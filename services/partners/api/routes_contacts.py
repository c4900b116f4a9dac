"""The people at a partner over HTTP: record, list, correct, erase."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Response

from services.partners.api.models import ContactDetails, ContactView
from services.partners.domain.contact import Contact, PersonId
from services.partners.domain.partner import PartnerId
from services.partners.store import contacts, partners
from services.partners.use_cases.change_contact import change_contact
from services.partners.use_cases.erase_contact import erase_contact
from services.partners.use_cases.record_contact import record_contact
from shared.chassis.http import IfMatch, Page, PageQuery, Principal, Router, Uow, etag, requires

router = Router(prefix="/v1/partners/{partner_id}/contacts", tags=["contacts"])
Reader = Annotated[Principal, requires("contacts:read")]
Writer = Annotated[Principal, requires("contacts:write")]


@router.post("", status_code=201)
async def record(partner_id: UUID, body: ContactDetails, uow: Uow, actor: Writer, response: Response) -> ContactView:
    """Record a person; the `person_id` in the answer names the person everywhere else."""
    return _answer(await record_contact(uow, PartnerId(partner_id), reach=body.reach()), response)


@router.get("")
async def index(partner_id: UUID, uow: Uow, actor: Reader, paging: PageQuery) -> Page[ContactView]:
    """The partner's people in the order in which they were recorded."""
    partner = await partners.get(uow, PartnerId(partner_id))
    after = paging.after(UUID)
    rows = await contacts.page(uow, partner.id, after=PersonId(after[0]) if after else None, limit=paging.limit + 1)
    return paging.page(rows, view=ContactView.of, key=lambda contact: (contact.person_id,))


@router.put("/{person_id}")
async def change(
    partner_id: UUID, person_id: UUID, body: ContactDetails, uow: Uow, actor: Writer, if_match: IfMatch, response: Response
) -> ContactView:
    """Correct a person's details; send the ETag that you read as `If-Match`."""
    expects = partial(if_match.expects, required=True)
    changed = await change_contact(uow, PartnerId(partner_id), person_id=PersonId(person_id), reach=body.reach(), expects=expects)
    return _answer(changed, response)


@router.delete("/{person_id}", status_code=204)
async def erase(partner_id: UUID, person_id: UUID, uow: Uow, actor: Writer) -> None:
    """Erase a person: nothing personal stays, here or on the topic."""
    await erase_contact(uow, PartnerId(partner_id), person_id=PersonId(person_id))


def _answer(contact: Contact, response: Response) -> ContactView:
    etag(response, contact.version)
    return ContactView.of(contact)
