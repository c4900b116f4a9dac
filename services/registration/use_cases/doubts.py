"""Doubts about who a customer is: accounts that it is probably the same as, or belongs to, put up for review with the reasons."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.registration.domain.accounts import hosts
from services.registration.domain.accounts.identifiers import Customer, Identifier
from services.registration.domain.accounts.likeness import Likeness, likenesses
from services.registration.domain.accounts.profile import Profile, profile
from services.registration.domain.values import AccountId, PartnerId
from services.registration.policy import Policy
from services.registration.store import account_keys, account_links, reviews
from services.registration.store.reviews import Why
from shared.chassis.database import UnitOfWork, every_partner


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A customer with the account that it was found to be, or entered as (`is_new`)."""

    partner_id: PartnerId
    customer: Customer
    names: tuple[Identifier, ...]
    account_id: AccountId
    is_new: bool


async def doubts_about_new(uow: UnitOfWork, new: Sequence[Recognised], policy: Policy) -> dict[AccountId, tuple[Likeness, ...]]:
    """Whom each customer just entered is probably the same as, the likest first. Enters the accounts' keys, too.

    Found by the keys' index alone: the cost does not grow with the number of accounts. Of two in `new` the later one is in doubt.
    Tell nothing of it to a partner.
    """
    profiles = {one.account_id: _profile(one.customer, one.names) for one in new}
    found = await account_keys.enter_and_look(uow, profiles, matching=policy.matching)
    order = list(profiles)
    return {
        account: likenesses(of, found.get(account, {}), matching=policy.matching, besides=order[place:])
        for place, (account, of) in enumerate(profiles.items())
    }


def _profile(customer: Customer, names: Sequence[Identifier]) -> Profile:
    host = hosts.host_in(customer.domain) if customer.domain else ""
    return profile(names, suspicious=host if host and hosts.is_mixed(host) else None)


async def put_up_doubts(uow: UnitOfWork, recognised: Sequence[Recognised], *, policy: Policy) -> list[tuple[Likeness, ...]]:
    """The doubts about each registration's customer, put up for review if there are any.

    A new account may be like others; a known one may belong to an account, or own one, that somebody else has protected. One that
    was put up before and is not decided stays in doubt, whatever is registered for it meanwhile.
    """
    new = [one for one in recognised if one.is_new]
    of_new = await doubts_about_new(uow, new, policy) if new else {}
    return [await _put_up(uow, one, of_new[one.account_id]) if one.is_new else await _of_known(uow, one) for one in recognised]


async def _of_known(uow: UnitOfWork, one: Recognised) -> tuple[Likeness, ...]:
    async with every_partner(uow):
        if undecided := await reviews.undecided(uow, one.account_id):
            return undecided
    return await _put_up(uow, one, await account_links.held_by_others(uow, one.account_id, one.partner_id))


async def _put_up(uow: UnitOfWork, one: Recognised, found: tuple[Likeness, ...]) -> tuple[Likeness, ...]:
    if found:
        why = Why.PROBABLE if one.is_new else Why.LINKED
        name, names = one.customer.name, one.names
        await reviews.put_up_doubt(uow, one.partner_id, one.account_id, name=name, wanted=names, like=found, why=why)
    return found
