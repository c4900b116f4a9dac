"""The vendor's claims over HTTP: its own opportunities, named accounts and assignments, a line each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Request, Response
from pydantic import BaseModel, Field, model_validator

from services.registration.api import models as m
from services.registration.api.request_body import RequestBody
from services.registration.domain.accounts.countries import country_given
from services.registration.domain.accounts.identifiers import Customer, Registrable
from services.registration.domain.deals.claims import ClaimKind
from services.registration.domain.values import PartnerId
from services.registration.mapping.deals import families_of
from services.registration.policy import Policy
from services.registration.store import claims
from services.registration.store.claims import RecordedClaim
from services.registration.use_cases.record_claims import NewClaim, record_claims
from shared.chassis.errors import NotFound, Refused
from shared.chassis.http import Instant, Page, PageQuery, Principal, Router, Uow, lines, requires
from shared.chassis.policies import Policies

MAX_ROWS = 500
Manager = Annotated[Principal, requires("deals:admin")]


class ClaimIn(RequestBody):
    """What the vendor keeps for itself, or (`assignment`) for one partner. No families: all of them; no territory: the customer's."""

    source: m.Text
    external_id: m.Text
    kind: ClaimKind
    account_name: m.Text
    account_domain: str | None = Field(None, max_length=300)
    country: str | None = Field(None, max_length=100)
    tax_id: str | None = Field(None, max_length=100)
    crm_ids: tuple[m.Text, ...] = Field((), max_length=20)
    families: tuple[m.Text, ...] = Field((), max_length=50)
    territory: str | None = Field(None, min_length=1, max_length=100)
    assigned_to: UUID | None = Field(None, description="the partner, of an assignment")
    active_at: Instant | None = Field(None, description="when the opportunity last moved; without it, now")
    valid_from: Instant | None = Field(None, description="without it, from now on")
    valid_until: Instant | None = None
    note: str | None = Field(None, max_length=2_000)

    @model_validator(mode="after")
    def _whole(self) -> "ClaimIn":
        if (self.kind is ClaimKind.ASSIGNMENT) != (self.assigned_to is not None):
            raise ValueError("an assignment, and nothing else, names the partner (assigned_to)")
        return self

    def claim(self) -> NewClaim:
        """The claim as it is recorded."""
        country = country_given(self.country)
        return NewClaim(
            source=self.source,
            external_id=self.external_id,
            kind=self.kind,
            customer=Customer(
                name=self.account_name.strip(), domain=self.account_domain, country=country, tax_id=self.tax_id, crm_ids=self.crm_ids
            ),
            families=families_of(self.families) if self.families else (),
            territory=self.territory,
            assigned_to=PartnerId(self.assigned_to) if self.assigned_to else None,
            active_at=self.active_at,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            note=self.note,
        )


class ClaimResult(BaseModel):
    """What became of one row: the claim's id, or a code and why."""

    line: int
    id: UUID | None = None
    code: str | None = None
    message: str | None = None


class ClaimOut(BaseModel):
    """A claim on record."""

    id: UUID
    kind: ClaimKind
    account_id: UUID
    account_name: str
    families: tuple[str, ...]
    territory: str
    assigned_to: UUID | None
    active_at: datetime | None
    valid_from: datetime
    valid_until: datetime | None
    source: str
    external_id: str
    note: str | None
    recorded_by: str

    @classmethod
    def of(cls, each: RecordedClaim) -> "ClaimOut":
        held = each.claim
        return cls(
            id=held.id,
            kind=held.kind,
            account_id=held.account_id,
            account_name=each.account_name,
            families=held.families,
            territory=each.territory,
            assigned_to=held.assigned_to,
            active_at=held.active_at,
            valid_from=held.valid_from,
            valid_until=held.valid_until,
            source=each.source,
            external_id=each.external_id,
            note=each.note,
            recorded_by=each.recorded_by,
        )


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    told: ClaimIn | tuple[str, str]


def routes(policies: Policies[Policy], *, registrable: Registrable) -> Router:
    """The routes of claims; all of them are staff's."""
    router = Router(prefix="/v1/vendor-claims", tags=["vendor claims"])

    @router.post("", **lines.documented(ClaimIn, ClaimResult, limit=MAX_ROWS))
    async def record_vendor_claims(request: Request, uow: Uow, caller: Manager) -> Response:
        """Note claims, a line each; what is known by the same source and external id is replaced."""
        rows = [_Row(line, lines.read(ClaimIn, text)) for line, text in lines.split(await request.body(), limit=MAX_ROWS)]
        policy = (await policies.at(uow, uow.now))[1]
        wanted = [row.told.claim() for row in rows if isinstance(row.told, ClaimIn)]
        answers = await record_claims(uow, wanted, by=caller.subject, policy=policy, registrable=registrable)
        return lines.answered(_results(rows, answers))

    @router.get("")
    async def list_vendor_claims(uow: Uow, _: Manager, paging: PageQuery, account_id: UUID | None = None) -> Page[ClaimOut]:
        """Claims, oldest first, those that are over included."""
        after = paging.after(UUID)
        found = await claims.listed(uow, account_id=account_id, after=after[0] if after else None, limit=paging.limit + 1)
        return paging.page(found, view=ClaimOut.of, key=lambda each: (each.claim.id,))

    @router.delete("/{source}/{external_id}", status_code=204)
    async def end_vendor_claim(source: str, external_id: str, uow: Uow, _: Manager) -> None:
        """The claim ends now; it stays on record."""
        if not await claims.end(uow, source, external_id):
            raise NotFound(what="claim")

    return router


def _results(rows: Sequence[_Row], answers: Sequence[UUID | Refused]) -> Iterator[ClaimResult]:
    decided = iter(answers)
    for row in rows:
        if isinstance(row.told, tuple):
            yield ClaimResult(line=row.line, code=row.told[0], message=row.told[1])
            continue
        answer = next(decided)
        if isinstance(answer, Refused):
            yield ClaimResult(line=row.line, code=answer.code, message=answer.message)
        else:
            yield ClaimResult(line=row.line, id=answer)
