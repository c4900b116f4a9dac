"""Say that a company belongs to another, or does no longer."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.registration.domain.accounts.refusals import LinkCycle, LinkElsewhere, SameAccount
from services.registration.domain.values import AccountId
from services.registration.store import account_book, account_links
from services.registration.store.account_links import Link, LinkKind
from services.registration.use_cases.accounts.change import Author, hold
from services.registration.use_cases.change import Expects, any_version
from shared.chassis.database import UnitOfWork
from shared.chassis.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Linking:
    """`account_id` belongs to `parent_id`. Without `valid_from` it does from now on."""

    account_id: UUID
    parent_id: UUID
    kind: LinkKind
    source: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    expects: Expects = any_version


async def link(uow: UnitOfWork, wanted: Linking, author: Author) -> Link:
    """The link. Raises SameAccount, LinkCycle and what `hold` raises."""
    child, parent = AccountId(wanted.account_id), AccountId(wanted.parent_id)
    if child == parent:
        raise SameAccount
    await account_links.lock_rings(uow)
    await hold(uow, child, parent, expects=wanted.expects)
    if await account_links.is_above(uow, child, child=parent):
        raise LinkCycle
    made = Link(
        id=new_id(),
        parent_id=parent,
        child_id=child,
        kind=wanted.kind,
        source=wanted.source,
        valid_from=wanted.valid_from or uow.now,
        valid_until=wanted.valid_until,
        recorded_by=author.name,
        recorded_at=uow.now,
    )
    await account_links.add(uow, made)
    await account_book.count(uow, child, parent)
    details = {"link": made.id, "kind": made.kind.value, "source": made.source}
    await account_book.record(uow, "link", child, parent, by=author.name, because=author.because, details=details)
    return made


async def unlink(uow: UnitOfWork, account_id: UUID, link_id: UUID, author: Author, *, expects: Expects = any_version) -> None:
    """The link holds no longer. Raises LinkElsewhere and what `hold` raises."""
    account = AccountId(account_id)
    ends = {end for each in await account_links.of(uow, account) if each.id == link_id for end in (each.parent_id, each.child_id)}
    await hold(uow, account, *(ends - {account}), expects=expects)
    if not await account_links.end(uow, account, link_id):
        raise LinkElsewhere(link=link_id)
    await account_book.count(uow, *ends)
    await account_book.record(uow, "unlink", account, None, by=author.name, because=author.because, details={"link": link_id})
