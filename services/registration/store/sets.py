"""What a set of registrations asks before anything is locked: whose customers are known, and whose partners have room."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.registration.domain.accounts.identifiers import Identifier, IdentifierKind
from services.registration.domain.values import PartnerId, Standing
from services.registration.store.accounts import LOOKED_UP
from shared.chassis.database import UnitOfWork

_FIRST_LOOK = f"""
select k.id, k.state, k.kind, q.open_deals, null, null
from known_partners k join registration_quotas q on q.partner_id = k.id where k.id = any($1::uuid[])
union all
select null, null, null, null, i.kind, i.value
from unnest($2::text[], $3::text[]) w(kind, value) cross join {LOOKED_UP}"""  # noqa: S608 - our own words


@dataclass(frozen=True, slots=True)
class Room:
    """Whether a partner may register, of which type it is, and how many registrations it has open."""

    standing: Standing
    kind: str | None
    open_deals: int


@dataclass(frozen=True, slots=True)
class FirstLook:
    """The identifiers that name an account already, and the partners that are known and not ended."""

    taken: set[Identifier]
    room: dict[PartnerId, Room]


async def first_look(uow: UnitOfWork, names: Iterable[Identifier], partners: Iterable[PartnerId]) -> FirstLook:
    """Nothing is locked: entering the accounts and the deals decides."""
    pairs = sorted(set(names))
    rows = await uow.fetch(_FIRST_LOOK, sorted(set(partners)), [i.kind.value for i in pairs], [i.value for i in pairs])
    return FirstLook(
        taken={Identifier(IdentifierKind(kind), value) for id_, _, _, _, kind, value in rows if id_ is None},
        room={PartnerId(id_): Room(Standing(state), kind, count) for id_, state, kind, count, _, _ in rows if id_ is not None},
    )
