"""Protection slots: read for the accounts that are locked, written as the board says."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from services.registration.domain.deals.protection import Board, Slot, Window
from services.registration.domain.refusals import AccountTaken
from services.registration.domain.values import AccountId, DealId, PartnerId
from shared.chassis.database import UnitOfWork

# Row-level security hides rivals' deals from a partner: their slots then come without a partner.
_HELD = """
select s.deal_id, s.account_id, s.family, s.path, lower(s.during), upper(s.during), d.partner_id
from protection_slots s left join deals d on d.id = s.deal_id
where s.account_id = any($1::uuid[]) and s.during && tstzrange($2, $3)"""
_DROP = """
delete from protection_slots s using unnest($1::uuid[], $2::timestamptz[]) c(deal_id, at)
where s.deal_id = c.deal_id and lower(s.during) >= c.at"""
_CUT = """
update protection_slots s set during = tstzrange(lower(s.during), c.at) from unnest($1::uuid[], $2::timestamptz[]) c(deal_id, at)
where s.deal_id = c.deal_id and upper(s.during) > c.at"""
_ADD = """
insert into protection_slots (deal_id, account_id, family, path, during)
select d, a, f, p, tstzrange(l, u)
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[]) r(d, a, f, p, l, u)"""
_PROLONG = """
update protection_slots set during = tstzrange(lower(during), $3) where deal_id = $1 and upper(during) = $2"""


_EXCLUSION = "23P01"


@contextmanager
def one_holder() -> Iterator[None]:
    """The second guard: what the exclusion constraint forbids is refused as taken, should the rule ever have missed it."""
    try:
        yield
    except IntegrityError as error:
        if getattr(error.orig, "sqlstate", None) == _EXCLUSION:
            raise AccountTaken from error
        raise


async def board(uow: UnitOfWork, accounts: Iterable[AccountId], *, since: datetime, until: datetime | None = None) -> Board:
    """Who holds what on `accounts` from `since` on. Without the accounts' locks it may be out of date at once."""
    found = await uow.fetch(_HELD, sorted(set(accounts)), since, until)
    return Board(Slot(DealId(d), AccountId(a), f, p, Window(lo, hi), PartnerId(who) if who else None) for d, a, f, p, lo, hi, who in found)


async def write(uow: UnitOfWork, changed: Board) -> None:
    """Write what changed on the board: cuts first, so that what they free can be taken."""
    if changed.cuts:
        cuts = [list(changed.cuts), list(changed.cuts.values())]
        await uow.send(_DROP, *cuts)
        await uow.send(_CUT, *cuts)
    await hold(uow, changed.added())


async def hold(uow: UnitOfWork, slots: Iterable[Slot]) -> None:
    """Take free slots. Raises AccountTaken if one is not."""
    if new := list(slots):
        columns = [[getattr(slot, name) for slot in new] for name in ("deal_id", "account_id", "family", "path")]
        with one_holder():
            await uow.fetch(_ADD, *columns, [slot.window.start for slot in new], [slot.window.end for slot in new])


async def end(uow: UnitOfWork, deal_ids: Iterable[DealId], *, at: datetime) -> None:
    """Free what these deals hold after `at`."""
    ids = list(deal_ids)
    cuts = [ids, [at] * len(ids)]
    await uow.fetch(_DROP, *cuts)
    await uow.fetch(_CUT, *cuts)


async def prolong(uow: UnitOfWork, deal_id: DealId, *, until: datetime, previous: datetime) -> None:
    """Let the deal's running slots hold until `until`."""
    with one_holder():
        await uow.fetch(_PROLONG, deal_id, previous, until)
