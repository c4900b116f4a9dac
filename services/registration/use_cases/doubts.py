"""Doubts about who a customer is: accounts that it is probably the same as, or belongs to, put up for review with the reasons."""

from collections.abc import Sequence

from services.registration.domain.accounts import hosts
from services.registration.domain.accounts.identifiers import Customer, Identifier
from services.registration.domain.accounts.likeness import Likeness, likenesses
from services.registration.domain.accounts.profile import Profile, profile
from services.registration.domain.values import AccountId, PartnerId
from services.registration.policy import Policy
from services.registration.store import account_keys, account_links, reviews
from services.registration.store.reviews import Why
from shared.chassis.database import UnitOfWork, every_partner


async def doubts_about(
    uow: UnitOfWork, customer: Customer, names: Sequence[Identifier], account_id: AccountId, policy: Policy
) -> tuple[Likeness, ...]:
    """Whom a customer just entered as `account_id` is probably the same as, the likest first. Enters the account's keys, too.

    Found by the keys' index alone: the cost does not grow with the number of accounts. Tell nothing of it to a partner.
    """
    of = _profile(customer, names)
    candidates = await account_keys.enter_and_look(uow, account_id, of, matching=policy.matching)
    return likenesses(of, candidates, matching=policy.matching)


def _profile(customer: Customer, names: Sequence[Identifier]) -> Profile:
    host = hosts.host_in(customer.domain) if customer.domain else ""
    return profile(names, suspicious=host if host and hosts.is_mixed(host) else None)


async def put_up_doubts(
    uow: UnitOfWork,
    partner_id: PartnerId,
    customer: Customer,
    names: Sequence[Identifier],
    account_id: AccountId,
    *,
    is_new: bool,
    policy: Policy,
) -> tuple[Likeness, ...]:
    """The doubts about a registration's customer, put up for review if there are any.

    A new account may be like others; a known one may belong to an account, or own one, that somebody else has protected. One that
    was put up before and is not decided stays in doubt, whatever is registered for it meanwhile.
    """
    if is_new:
        found, why = await doubts_about(uow, customer, names, account_id, policy), Why.PROBABLE
    else:
        async with every_partner(uow):
            if undecided := await reviews.undecided(uow, account_id):
                return undecided
        found, why = await account_links.held_by_others(uow, account_id, partner_id), Why.LINKED
    if found:
        await reviews.put_up_doubt(uow, partner_id, account_id, name=customer.name, wanted=names, like=found, why=why)
    return found
