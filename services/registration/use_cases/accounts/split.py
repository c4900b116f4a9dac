"""Split an account: named identifiers, deals and links go to a new one, or back to one that was merged into it; those who wait follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.registration.domain.accounts.identifiers import Identifier
from services.registration.domain.accounts.parting import Parting, who_leaves
from services.registration.domain.accounts.refusals import DealElsewhere, IdentifierElsewhere, LinkElsewhere, NotMergedHere, SplitEmpty
from services.registration.domain.deals.line import Waiting
from services.registration.domain.deals.protection import Board
from services.registration.domain.values import AccountId, DealId
from services.registration.mapping.accounts import split_event
from services.registration.store import account_book, account_keys, account_links, waiting
from services.registration.use_cases.accounts.change import Author, hold
from services.registration.use_cases.change import Expects, any_version
from services.registration.use_cases.identify import new_account_id
from shared.chassis.database import UnitOfWork
from shared.chassis.values import replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """What leaves `account_id`. With `revive` it goes back to an account that was merged into this one, under its old id."""

    account_id: UUID
    identifiers: Sequence[Identifier]
    deal_ids: Sequence[UUID] = ()
    link_ids: Sequence[UUID] = ()
    name: str | None = None
    country: str | None = None
    revive: UUID | None = None
    expects: Expects = any_version


async def split(uow: UnitOfWork, wanted: Split, author: Author) -> AccountId:
    """The account that the named things are on now; the two are told apart for good.

    Raises SplitEmpty, NotMergedHere, IdentifierElsewhere, DealElsewhere, LinkElsewhere and what `hold` raises.
    """
    source = (await hold(uow, wanted.account_id, expects=wanted.expects))[AccountId(wanted.account_id)]
    target = await _target(uow, wanted, source.name)
    line = await waiting.lines(uow, [source.id])  # before what is kept for them is moved: who leaves takes both in this order
    parting = await _part(uow, wanted, target)
    places = await _move(uow, line, parting, source.id, to=target)
    if wanted.link_ids and (stray := set(wanted.link_ids) - await account_links.move(uow, source.id, wanted.link_ids, to=target)):
        raise LinkElsewhere(link=min(stray))
    await account_links.tell_apart(uow, [(source.id, target)], by=author.name, because=author.because)
    await account_keys.replace(uow, [source.id, target])
    of_target = await account_book.touch(uow, target)
    version = await account_book.mark_split(uow, source.id)
    details = {
        "identifiers": [[name.kind.value, name.value] for name in wanted.identifiers],
        "deals": wanted.deal_ids,
        "places": places,
        "links": wanted.link_ids,
        "revived": wanted.revive is not None,
    }
    await account_book.record(uow, "split", source.id, target, by=author.name, because=author.because, details=details)
    event = split_event(source.id, target, version=of_target, deal_ids=wanted.deal_ids, waiting_ids=places, now=uow.now)
    uow.emit(event, sequence=version)
    return target


async def _target(uow: UnitOfWork, wanted: Split, name: str) -> AccountId:
    """Where it goes: a new account, or the one to revive, locked."""
    if wanted.revive is None:
        target = new_account_id()
        await account_book.create(uow, target, name=wanted.name or name, country=wanted.country)
        return target
    target = AccountId(wanted.revive)
    revived = (await account_book.locked(uow, target))[target]
    if revived.merged_into is None or await account_book.successor(uow, target) != wanted.account_id:
        raise NotMergedHere(account=target)
    return target


async def _part(uow: UnitOfWork, wanted: Split, target: AccountId) -> Parting:
    """What leaves; its names name `target` from now on."""
    account_id, leaving = AccountId(wanted.account_id), {DealId(each) for each in wanted.deal_ids}
    moved = await account_book.move_names(uow, account_id, wanted.identifiers, to=target)
    if stray := set(wanted.identifiers) - moved:
        raise IdentifierElsewhere(identifier=" ".join(min(stray)))
    names_left = (await account_keys.identifiers_of(uow, [account_id]))[account_id]
    if not moved or not names_left:
        raise SplitEmpty
    if stray_deals := leaving - (await account_book.deals_of(uow, account_id)).keys():
        raise DealElsewhere(deal=min(stray_deals))
    return Parting(moved, leaving, names_left)


async def _move(uow: UnitOfWork, line: Sequence[Waiting], parting: Parting, source: AccountId, *, to: AccountId) -> list[UUID]:
    """Deals, and places in line, with all that each holds; returns the places. Nobody collides: on the new account is nothing yet."""
    slots = await account_book.slots_of(uow, source)
    places = sorted(one.id for one in who_leaves(line, Board(slots), parting, now=uow.now))
    holders = [*parting.deals, *map(DealId, places)]
    await account_book.move_deals(uow, parting.deals, to=to)
    await waiting.move_places(uow, places, to=to)
    moved = {holder: [replace(slot, account_id=to) for slot in slots if slot.deal_id == holder] for holder in holders}
    await account_book.rewrite_slots(uow, moved)
    return places
