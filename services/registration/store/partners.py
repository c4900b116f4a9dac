"""What is known of partners, from their own facts, and how many registrations each has open."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.registration.domain import refusals as no
from services.registration.domain.values import PartnerId, Standing
from shared.chassis.database import UnitOfWork

_OF = "select id, state, kind from known_partners where id = any($1::uuid[])"
# A fact that is older than what is known changes nothing: topics have no order among each other.
_LEARN = """
insert into known_partners as k (id, state, kind, sequence) values ($1, $2, $3, $4)
on conflict (id) do update set state = excluded.state, kind = coalesce(excluded.kind, k.kind), sequence = excluded.sequence
where excluded.sequence > k.sequence returning 1"""
_NAME_KIND = "update known_partners set kind = coalesce(kind, $2) where id = $1"
_TIER = """
insert into known_tiers as k (partner_id, tier, sequence) values ($1, $2, $3)
on conflict (partner_id) do update set tier = excluded.tier, sequence = excluded.sequence where excluded.sequence > k.sequence"""
_TIERS_OF = "select partner_id, tier from known_tiers where partner_id = any($1::uuid[])"
_HAS_QUOTA = "select 1 from registration_quotas where partner_id = $1"
_HOLD_DEALS = """
select count(*) from (
  select 1 from deals where partner_id = $1 and state not in ('withdrawn', 'rejected') order by id for update) held"""
_QUOTA = """
insert into registration_quotas (partner_id, open_deals)
select $1, count(*) from deals where partner_id = $1 and state in ('open', 'in_review', 'returned') on conflict do nothing"""
_HELD = "select open_deals from registration_quotas where partner_id = $1 for update"
_CLOSE_QUOTA = "delete from registration_quotas where partner_id = $1"
_MOVE = """
with held as (select partner_id from registration_quotas where partner_id = any($1::uuid[]) order by partner_id for update)
update registration_quotas q set open_deals = greatest(0, q.open_deals + m.by)
from unnest($1::uuid[], $2::int[]) m(partner_id, by), held where q.partner_id = m.partner_id and held.partner_id = q.partner_id"""


@dataclass(frozen=True, slots=True)
class KnownPartner:
    standing: Standing
    kind: str | None


async def of(uow: UnitOfWork, ids: Iterable[PartnerId]) -> dict[PartnerId, KnownPartner]:
    """Those of `ids` that are known."""
    rows = await uow.fetch(_OF, sorted(set(ids)))
    return {PartnerId(id_): KnownPartner(Standing(state), kind) for id_, state, kind in rows}


async def check_active(uow: UnitOfWork, partner_id: PartnerId) -> None:
    """Raises PartnerUnknown, PartnerInactive."""
    known = (await of(uow, [partner_id])).get(partner_id)
    check_standing(known.standing if known else None)


def check_standing(standing: str | None) -> None:
    """Whether a partner in this standing may register; None is an unknown one. Raises PartnerUnknown, PartnerInactive."""
    if standing is None:
        raise no.PartnerUnknown
    if standing != Standing.ACTIVE:
        raise no.PartnerInactive


async def learn(uow: UnitOfWork, partner_id: PartnerId, *, standing: Standing, kind: str | None, sequence: int) -> bool:
    """Take a partner's newest fact in; False if a newer one is known."""
    await _open_quota(uow, partner_id)
    newer = bool(await uow.fetch(_LEARN, partner_id, standing.value, kind, sequence))
    if not newer and kind:
        await uow.fetch(_NAME_KIND, partner_id, kind)
    return newer


async def _open_quota(uow: UnitOfWork, partner_id: PartnerId) -> None:
    """A former partner has none: what the vendor's records bring, reopen or end meanwhile is counted once it is heard of again.

    Whoever has one of its deals in hand at this moment finds no quota to count in, and so is waited for.
    """
    if not await uow.fetch(_HAS_QUOTA, partner_id):
        await uow.fetch(_HOLD_DEALS, partner_id)
        await uow.fetch(_QUOTA, partner_id)


async def learn_tier(uow: UnitOfWork, partner_id: PartnerId, tier: str, *, sequence: int) -> None:
    """Take the partner's newest tier in; an older fact changes nothing."""
    await uow.fetch(_TIER, partner_id, tier, sequence)


async def tiers_of(uow: UnitOfWork, ids: Iterable[PartnerId]) -> dict[PartnerId, str]:
    """The tiers of those of `ids` that were ranked."""
    return {PartnerId(id_): tier for id_, tier in await uow.fetch(_TIERS_OF, sorted(set(ids)))}


async def check_room(uow: UnitOfWork, partner_id: PartnerId, *, limit: int) -> None:
    """Whether the partner may have one more open, its count locked until the transaction ends. Raises PartnerInactive, QuotaReached."""
    held = await uow.fetch(_HELD, partner_id)
    if not held:
        raise no.PartnerInactive
    if held[0][0] >= limit:
        raise no.QuotaReached(limit=limit)


async def close_quota(uow: UnitOfWork, partner_id: PartnerId) -> None:
    """Let the partner register nothing more; whoever is registering for it at this moment is waited for."""
    await uow.fetch(_CLOSE_QUOTA, partner_id)


async def move_quota(uow: UnitOfWork, changes: Mapping[PartnerId, int]) -> None:
    """Count open registrations up or down."""
    moved = {partner: by for partner, by in changes.items() if by}
    if moved:
        await uow.send(_MOVE, list(moved), list(moved.values()))
