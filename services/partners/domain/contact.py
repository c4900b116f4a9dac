"""A person at a partner: the only personal data in the platform, and therefore the only data that can be erased."""

from dataclasses import dataclass, replace
from typing import NewType
from uuid import UUID

from services.partners.domain.partner import PartnerId

PersonId = NewType("PersonId", UUID)


@dataclass(frozen=True, slots=True)
class Reach:
    """How to address and reach a person. `role` is the partner's own word, such as "sales lead"."""

    name: str
    email: str
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A person who works for one partner; `version` counts the changes from 1."""

    person_id: PersonId
    partner_id: PartnerId
    reach: Reach
    version: int = 1


def change(contact: Contact, *, reach: Reach) -> Contact:
    """The person is reached differently now; the same details change nothing, not even the version."""
    if reach == contact.reach:
        return contact
    return replace(contact, reach=reach, version=contact.version + 1)
