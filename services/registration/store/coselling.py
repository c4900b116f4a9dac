"""Agreements in the store: loaded whole under their lock, written with a row for each party."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from services.registration.domain.coselling.agreed_split import AgreedSplit, chosen
from services.registration.domain.coselling.agreement import Agreement, AgreementId, Party, Signature, Signer, Version, VersionState
from services.registration.domain.deals.deal import Deal
from services.registration.domain.values import Credit, DealId, PartnerId
from services.registration.store.tables.coselling import cosell_parties
from shared.chassis.database import UnitOfWork, every_partner
from shared.chassis.database.rows import Row
from shared.chassis.errors import NotFound

_MINE = "select 1 from cosell_parties where agreement_id = $1 limit 1"
_OF_DEAL = "select id from cosell_agreements where deal_id = $1"
_HAND_OVER = "update cosell_agreements set partner_id = $2 where id = $1 and partner_id <> $2"
_ADD = "insert into cosell_agreements (id, deal_id, partner_id, revision) values ($1, $2, $3, 0)"
_LOCK = "select id, deal_id, partner_id, revision from cosell_agreements where id = $1 for update"
_VERSIONS = "select * from cosell_versions where agreement_id = $1 order by number"
_PARTIES = "select * from cosell_parties where agreement_id = $1 order by number, place"
_REVISE = "update cosell_agreements set revision = $2 where id = $1"
# What was proposed is written once: of a version that is there only what became of it is changed.
_SAVE_VERSION = """
insert into cosell_versions (agreement_id, number, partner_id, document, hash, vendor_signs, state, proposed_at, respond_by,
  vendor_signed_by, vendor_signed_at, in_force_from, ended_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
on conflict (agreement_id, number) do update set state = excluded.state, vendor_signed_by = excluded.vendor_signed_by,
  vendor_signed_at = excluded.vendor_signed_at, in_force_from = excluded.in_force_from, ended_at = excluded.ended_at"""
_SAVE_PARTY = """
insert into cosell_parties (agreement_id, number, partner_id, deal_id, place, role, share, overlay, document, hash, state, respond_by,
  about, signed_by, signed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::text::jsonb, $14, $15)
on conflict (agreement_id, number, partner_id) do update set state = excluded.state, signed_by = excluded.signed_by,
  signed_at = excluded.signed_at"""
_HOLD = "select 1 from cosell_agreements where deal_id = any($1::uuid[]) order by id for update"
_SIGNED_OF = """
select a.deal_id, a.id, v.number, v.state, v.document from cosell_agreements a
join cosell_versions v on v.agreement_id = a.id and v.in_force_from is not null where a.deal_id = any($1::uuid[])"""
_OPEN = """
select a.id from cosell_agreements a join cosell_versions v on v.agreement_id = a.id
where v.state = 'proposed' and v.respond_by <= $1 order by a.id limit $2 for update of a skip locked"""


async def check_party(uow: UnitOfWork, agreement_id: UUID) -> None:
    """Raises NotFound unless the caller has a row in the agreement (or is the vendor), as row-level security sees it."""
    if not await uow.fetch(_MINE, agreement_id):
        raise NotFound(what="agreement")


async def one(uow: UnitOfWork, agreement_id: UUID) -> Agreement:
    """The whole agreement, locked until the transaction ends; the caller is a party of it. Raises NotFound."""
    await check_party(uow, agreement_id)
    async with every_partner(uow):
        return await whole(uow, agreement_id)


async def whole(uow: UnitOfWork, agreement_id: UUID) -> Agreement:
    """The whole agreement, locked, for who sees every row of it."""
    [(found, deal_id, registrant, revision)] = await uow.fetch(_LOCK, agreement_id)
    parties: dict[int, list[Any]] = {}
    for row in await uow.fetch(_PARTIES, agreement_id):
        parties.setdefault(row.number, []).append(row)
    versions = tuple(_version(row, parties[row.number]) for row in await uow.fetch(_VERSIONS, agreement_id))
    return Agreement(id=AgreementId(found), deal_id=DealId(deal_id), registrant=PartnerId(registrant), versions=versions, revision=revision)


async def of_deal(uow: UnitOfWork, deal: Deal, *, fresh: AgreementId) -> Agreement:
    """The agreement about a deal whose lock is held, locked too; a new one where there is none.

    The caller sees the deal. What its former partner had agreed is over when a deal goes to another; what is agreed next is that one's.
    """
    async with every_partner(uow):
        found = await uow.fetch(_OF_DEAL, deal.id)
        if found:
            await uow.fetch(_HAND_OVER, found[0][0], deal.partner_id)
            return await whole(uow, found[0][0])
        await uow.fetch(_ADD, fresh, deal.id, deal.partner_id)
    return Agreement(id=fresh, deal_id=deal.id, registrant=deal.partner_id)


async def overdue(uow: UnitOfWork, *, limit: int) -> list[Agreement]:
    """Agreements with an invitation that is over, locked, for a timer."""
    return [await whole(uow, row[0]) for row in await uow.fetch(_OPEN, uow.now, limit)]


@dataclass(frozen=True, slots=True)
class About:
    """What an invitation says of the deal: not the customer."""

    families: tuple[str, ...]
    territory: str
    message: str

    @property
    def json(self) -> str:
        return orjson.dumps({"families": self.families, "territory": self.territory, "message": self.message}).decode()


async def save(uow: UnitOfWork, agreement: Agreement, *, about: About | None = None) -> None:
    """Write an agreement that was loaded under its lock; `about` goes with a new version."""
    async with every_partner(uow):
        await uow.fetch(_REVISE, agreement.id, agreement.revision)
        for version in agreement.versions:
            await _save_version(uow, agreement, version)
            for place, party in enumerate(version.parties):
                await _save_party(uow, agreement, version, place, party, about=about)


async def _save_version(uow: UnitOfWork, agreement: Agreement, version: Version) -> None:
    vendor = version.signatures.get(None)
    await uow.fetch(
        _SAVE_VERSION,
        agreement.id,
        version.number,
        agreement.registrant,
        version.document,
        version.hash,
        version.vendor_signs,
        version.state.value,
        version.proposed_at,
        version.respond_by,
        vendor.by if vendor else None,
        vendor.at if vendor else None,
        version.in_force_from,
        version.ended_at,
    )


async def _save_party(uow: UnitOfWork, agreement: Agreement, version: Version, place: int, party: Party, *, about: About | None) -> None:
    signature = version.signatures.get(party.partner_id)
    await uow.fetch(
        _SAVE_PARTY,
        agreement.id,
        version.number,
        party.partner_id,
        agreement.deal_id,
        place,
        party.role,
        str(party.share),
        party.overlay,
        version.document,
        version.hash,
        version.state.value,
        version.respond_by,
        about.json if about else "{}",
        signature.by if signature else None,
        signature.at if signature else None,
    )


def _version(row: Any, parties: Sequence[Any]) -> Version:
    signatures: dict[Signer, Signature] = {
        PartnerId(each.partner_id): Signature(each.signed_by, each.signed_at) for each in parties if each.signed_by is not None
    }
    if row.vendor_signed_by is not None:
        signatures[None] = Signature(row.vendor_signed_by, row.vendor_signed_at)
    return Version(
        number=row.number,
        parties=tuple(Party(PartnerId(each.partner_id), each.role, Fraction(each.share), each.overlay) for each in parties),
        document=row.document,
        hash=row.hash,
        respond_by=row.respond_by,
        proposed_at=row.proposed_at,
        vendor_signs=row.vendor_signs,
        state=VersionState(row.state),
        signatures=signatures,
        in_force_from=row.in_force_from,
        ended_at=row.ended_at,
    )


@dataclass(frozen=True, slots=True)
class Seat:
    """One party's row: all that it reads of a version."""

    agreement_id: UUID
    deal_id: UUID
    number: int
    partner_id: UUID
    role: str
    share: str
    overlay: bool
    document: str
    hash: str
    state: VersionState
    respond_by: datetime
    about: dict[str, Any]
    signed_by: str | None
    signed_at: datetime | None


_SEAT_FIELDS = tuple(field.name for field in fields(Seat))
_SEATS = """
select agreement_id, deal_id, number, partner_id, role, share, overlay, document, hash, state, respond_by, about::text, signed_by, signed_at
from cosell_parties where agreement_id = any($1::uuid[]) and ($2::uuid is null or partner_id = $2)
order by agreement_id, number, place"""


async def seats(uow: UnitOfWork, agreement_ids: Iterable[UUID], *, partner_id: UUID | None) -> dict[UUID, list[Seat]]:
    """The rows that the caller may see, by agreement."""
    found: dict[UUID, list[Seat]] = {}
    for row in await uow.fetch(_SEATS, list(agreement_ids), partner_id):
        found.setdefault(row.agreement_id, []).append(_seat(row))
    return found


def _seat(row: Row) -> Seat:
    told: dict[str, Any] = dict(zip(_SEAT_FIELDS, row, strict=True))
    return Seat(**told | {"state": VersionState(told["state"]), "about": orjson.loads(told["about"])})


async def listed(uow: UnitOfWork, *, partner_id: UUID | None, deal_id: UUID | None, after: UUID | None, limit: int) -> list[UUID]:
    """The agreements that the caller may see, oldest first."""
    c = cosell_parties.c
    query = sa.select(c.agreement_id).distinct().order_by(c.agreement_id).limit(limit)
    if partner_id is not None:
        query = query.where(c.partner_id == partner_id)
    if deal_id is not None:
        query = query.where(c.deal_id == deal_id)
    if after is not None:
        query = query.where(c.agreement_id > after)
    return [row[0] for row in (await uow.execute(query)).all()]


async def agreed(uow: UnitOfWork, deals: Iterable[Deal]) -> dict[DealId, AgreedSplit]:
    """For each deal with a signed agreement, the split that counts for its terms.

    The agreements are held: what is signed later is signed after what the terms are for, and a close leaves nothing to be signed.
    """
    wanted = {deal.id: deal for deal in deals}
    if wanted:
        await uow.fetch(_HOLD, list(wanted))
    signed: dict[DealId, dict[int, AgreedSplit]] = {}
    in_force: dict[DealId, int] = {}
    for deal_id, agreement_id, number, state, document in await uow.fetch(_SIGNED_OF, list(wanted)) if wanted else ():
        content = orjson.loads(document)
        split = AgreedSplit(agreement_id, number, _credits(content["credits"]), _credits(content["overlays"]))
        signed.setdefault(DealId(deal_id), {})[number] = split
        if state == VersionState.IN_FORCE:
            in_force[DealId(deal_id)] = number
    found = {deal_id: chosen(wanted[deal_id], versions, in_force=in_force.get(deal_id)) for deal_id, versions in signed.items()}
    return {deal_id: split for deal_id, split in found.items() if split is not None}


def _credits(rows: Sequence[dict[str, str]]) -> tuple[Credit, ...]:
    return tuple(Credit(PartnerId(UUID(row["partner"])), Fraction(row["share"])) for row in rows)
