"""Accounts over HTTP, for staff: look, merge, split, alias, link."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Response

from services.registration.api import accounts_models as m
from services.registration.domain.accounts.countries import country_code
from services.registration.domain.accounts.identifiers import Customer, Identifier, IdentifierKind, Registrable, identifiers
from services.registration.domain.values import AccountId
from services.registration.policy import Policy
from services.registration.store import account_book, account_keys, account_links
from services.registration.store.account_book import Account
from services.registration.use_cases.accounts.alias import alias
from services.registration.use_cases.accounts.change import Author
from services.registration.use_cases.accounts.link import Linking, link, unlink
from services.registration.use_cases.accounts.merge import Merge, merge
from services.registration.use_cases.accounts.split import Split, split
from shared.chassis.database import UnitOfWork
from shared.chassis.http import IfMatch, Page, PageQuery, Principal, Router, Uow, etag, requires
from shared.chassis.policies import Policies

Manager = Annotated[Principal, requires("deals:admin")]


def routes(policies: Policies[Policy], *, registrable: Registrable) -> Router:
    """The routes of accounts."""
    router = Router(prefix="/v1/accounts", tags=["accounts"])
    _add_reading(router)
    _add_moving(router)
    _add_naming(router, policies, registrable)
    return router


def _add_reading(router: Router) -> None:
    @router.get("")
    async def list_accounts(uow: Uow, _: Manager, paging: PageQuery) -> Page[m.AccountOut]:
        """Accounts, oldest first, without those that were merged into others."""
        after = paging.after(datetime, UUID)
        found = await account_book.listed(uow, after=(after[0], after[1]) if after else None, limit=paging.limit + 1)
        return paging.page(found, view=m.AccountOut.of, key=lambda account: (account.created_at, account.id))

    @router.get("/{account_id}")
    async def read_account(account_id: UUID, uow: Uow, _: Manager, response: Response) -> m.WholeAccountOut:
        """One account with identifiers, links and history; the id of a merged one leads to whoever carries on for it."""
        return await _whole(uow, account_id, response)


def _add_moving(router: Router) -> None:
    @router.post("/{account_id}/merge")
    async def merge_account(
        account_id: UUID, body: m.MergeIn, uow: Uow, caller: Manager, if_match: IfMatch, response: Response
    ) -> m.WholeAccountOut:
        """All that this account was goes to another, which is answered. Its id leads there from now on."""
        wanted = Merge(account_id=account_id, into=body.into, keep=body.keep.exact() if body.keep else None, expects=if_match.expects)
        return await _whole(uow, await merge(uow, wanted, Author(caller.subject, body.reason)), response)

    @router.post("/{account_id}/split", status_code=201)
    async def split_account(
        account_id: UUID, body: m.SplitIn, uow: Uow, caller: Manager, if_match: IfMatch, response: Response
    ) -> m.WholeAccountOut:
        """What is named goes to a new account, which is answered; the two are told apart for good."""
        wanted = Split(
            account_id=account_id,
            identifiers=[name.exact() for name in body.identifiers],
            deal_ids=body.deal_ids,
            link_ids=body.link_ids,
            name=body.account_name,
            country=_country(body.country),
            revive=body.revive,
            expects=if_match.expects,
        )
        return await _whole(uow, await split(uow, wanted, Author(caller.subject, body.reason)), response)


def _add_naming(router: Router, policies: Policies[Policy], registrable: Registrable) -> None:
    @router.post("/{account_id}/alias")
    async def alias_account(
        account_id: UUID, body: m.AliasIn, uow: Uow, caller: Manager, if_match: IfMatch, response: Response
    ) -> m.WholeAccountOut:
        """Another name, domain, tax id or CRM id of the same customer."""
        account = await account_book.seen(uow, AccountId(account_id))
        policy = (await policies.at(uow, uow.now))[1]
        names = _named(body, account, registrable=registrable, free_mail=policy.free_mail_domains)
        await alias(uow, account.id, names, Author(caller.subject, body.reason), expects=if_match.expects)
        return await _whole(uow, account.id, response)

    @router.post("/{account_id}/links", status_code=201)
    async def link_account(account_id: UUID, body: m.LinkIn, uow: Uow, caller: Manager, if_match: IfMatch) -> m.AccountLinkOut:
        """The company belongs to another: registrations for one are put up for review while the other is protected."""
        wanted = Linking(
            account_id=account_id,
            parent_id=body.parent_id,
            kind=body.kind,
            source=body.source,
            valid_from=body.valid_from,
            valid_until=body.valid_until,
            expects=if_match.expects,
        )
        return m.AccountLinkOut.of(await link(uow, wanted, Author(caller.subject, body.reason)))

    @router.post("/{account_id}/links/{link_id}/end")
    async def end_link(
        account_id: UUID, link_id: UUID, body: m.ReasonIn, uow: Uow, caller: Manager, if_match: IfMatch, response: Response
    ) -> m.WholeAccountOut:
        """The company belongs to the other no longer."""
        await unlink(uow, account_id, link_id, Author(caller.subject, body.reason), expects=if_match.expects)
        return await _whole(uow, account_id, response)


def _named(body: m.AliasIn, account: Account, *, registrable: Registrable, free_mail: frozenset[str]) -> list[Identifier]:
    """The identifiers that are given; the account's own name counts only if it is."""
    country = _country(body.country) if body.country else account.country
    customer = Customer(
        name=body.account_name or account.name, domain=body.account_domain, country=country, tax_id=body.tax_id, crm_ids=body.crm_ids
    )
    found = identifiers(customer, registrable=registrable, free_mail=free_mail)
    return [name for name in found if body.account_name or name.kind is not IdentifierKind.NAME]


def _country(text: str | None) -> str | None:
    return (country_code(text) or text.strip() or None) if text else None


async def _whole(uow: UnitOfWork, account_id: UUID, response: Response) -> m.WholeAccountOut:
    known = await account_book.successor(uow, account_id)
    account = await account_book.seen(uow, known)
    etag(response, account.version)
    formerly = await account_book.absorbed(uow, known)
    names = (await account_keys.identifiers_of(uow, [known]))[known]
    return m.WholeAccountOut(
        **m.AccountOut.of(account).model_dump(),
        formerly=list(formerly),
        identifiers=m.identifiers_out(names),
        links=[m.AccountLinkOut.of(each) for each in await account_links.of(uow, known)],
        history=[m.ChangeOut.of(each) for each in await account_book.history(uow, [known, *formerly])],
    )
