"""Bodies of requests and answers; the wire's words for the domain's values."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.partners.domain.contact import Contact, Reach
from services.partners.domain.partner import Details, Kind, Partner, State
from shared.chassis.http import Instant

# No control characters: PostgreSQL takes no NUL, and a name has no use for the others.
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2")]
Email = Annotated[str, Field(max_length=320, pattern=r"^[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+$")]


class Body(BaseModel):
    """A request's body; a field that nobody knows is a mistake of the caller and refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PartnerDetails(Body):
    """What the vendor knows of a partner; sent whole, to create one and to correct it."""

    name: Line
    type: Kind
    region: Line = Field(description="the vendor's own word for where the partner works, such as EMEA")
    country: Country | None = None

    def details(self) -> Details:
        return Details(self.name, self.type, self.region, self.country)


class Activation(Body):
    """When the agreement was signed; now, if it is not said."""

    enrolled_at: Instant | None = None


class Reason(Body):
    """Why a partner is suspended or terminated; the partner and everyone who listens will read it."""

    reason: Line


class PartnerView(BaseModel):
    """A partner. `version` is also the ETag."""

    id: UUID
    name: str
    type: Kind
    region: str
    country: str | None
    state: State
    version: int
    created_at: datetime
    enrolled_at: datetime | None

    @classmethod
    def of(cls, partner: Partner) -> Self:
        return cls(
            id=partner.id,
            name=partner.details.name,
            type=partner.details.kind,
            region=partner.details.region,
            country=partner.details.country,
            state=partner.state,
            version=partner.version,
            created_at=partner.created_at,
            enrolled_at=partner.enrolled_at,
        )


class ContactDetails(Body):
    """How to address and reach a person; sent whole, to record one and to correct it."""

    name: Line
    email: Email
    role: Line | None = None

    def reach(self) -> Reach:
        return Reach(self.name, self.email, self.role)


class ContactView(BaseModel):
    """A person at a partner. `version` is also the ETag."""

    person_id: UUID
    partner_id: UUID
    name: str
    email: str
    role: str | None
    version: int

    @classmethod
    def of(cls, contact: Contact) -> Self:
        return cls(
            person_id=contact.person_id,
            partner_id=contact.partner_id,
            name=contact.reach.name,
            email=contact.reach.email,
            role=contact.reach.role,
            version=contact.version,
        )
