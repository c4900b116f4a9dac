"""Registrations that come together, in one transaction: those of customers nobody knows yet, decided as `register` decides each."""

from collections import Counter
from collections.abc import Sequence
from contextvars import Context
from dataclasses import dataclass

from services.registration.domain.accounts.directory import Party
from services.registration.domain.accounts.identifiers import Identifier, Registrable, identifiers
from services.registration.domain.deals.deal import Deal
from services.registration.domain.values import AccountId, Confidence, Standing
from services.registration.policy import Policy
from services.registration.store.sets import FirstLook, Room, first_look
from services.registration.use_cases.conflicts.arising import is_kept_out
from services.registration.use_cases.doubts import Recognised, put_up_doubts
from services.registration.use_cases.identify import identify
from services.registration.use_cases.register import Claimed, Registration, check_terms, drafted, record
from shared.chassis.database import UnitOfWork
from shared.chassis.errors import Apart, Refused


@dataclass(frozen=True, slots=True)
class InSet:
    """One registration of a set, in the context (the trace) in which it was asked for."""

    wanted: Registration
    context: Context


async def register_set(uow: UnitOfWork, wanted: Sequence[InSet], *, policy: Policy, registrable: Registrable) -> list[Deal | None]:
    """The deals; None for each that needs a look of its own: a known customer, a partner that may not register, terms that are refused.

    No two share an identifier. Raises Apart, or what `record` raises, if something came between: then nothing of the set stands.
    """
    names = [_names(one.wanted, uow, policy=policy, registrable=registrable) for one in wanted]
    look = await first_look(uow, [name for each in names for name in each], [one.wanted.partner_id for one in wanted])
    fitting = _fitting(wanted, names, look, policy=policy)
    if not fitting:
        return [None] * len(wanted)
    new = await _enter_accounts(uow, [(wanted[place].wanted, names[place]) for place in fitting])
    like = await put_up_doubts(uow, new, policy=policy)
    claimed = [
        Claimed(
            wanted[place].wanted,
            drafted(wanted[place].wanted, who.account_id, policy=policy, now=uow.now),
            Confidence.PROBABLE if found else Confidence.NEW,
            found,
            wanted[place].context,
        )
        for place, who, found in zip(fitting, new, like, strict=True)
    ]
    entered = dict(zip(fitting, await record(uow, claimed, policy=policy), strict=True))
    return [entered.get(place) for place in range(len(wanted))]


def _names(one: Registration, uow: UnitOfWork, *, policy: Policy, registrable: Registrable) -> tuple[Identifier, ...]:
    """Its identifiers; none if it goes alone in any case."""
    if one.override is not None or one.wait:
        return ()
    try:
        check_terms(one, now=uow.now, policy=policy)
        return identifiers(one.customer, registrable=registrable, free_mail=policy.free_mail_domains)
    except Refused:
        return ()


def _fitting(wanted: Sequence[InSet], names: Sequence[tuple[Identifier, ...]], look: FirstLook, *, policy: Policy) -> list[int]:
    """The places of those whose customer is new, and whose partner may register there and is below its limit with all of its own."""
    open_deals = Counter({partner_id: one.open_deals for partner_id, one in look.room.items()})
    found: list[int] = []
    for place, one in enumerate(wanted):
        partner_id, room = one.wanted.partner_id, look.room.get(one.wanted.partner_id)
        is_new = names[place] and look.taken.isdisjoint(names[place])
        if is_new and room and _may_register(one.wanted, room, policy) and open_deals[partner_id] < policy.open_registrations_limit:
            open_deals[partner_id] += 1
            found.append(place)
    return found


def _may_register(one: Registration, room: Room, policy: Policy) -> bool:
    territory = policy.tree.derive(one.territory, one.customer.country)
    return room.standing is Standing.ACTIVE and not is_kept_out(one.partner_id, room.kind, territory, policy=policy)


async def _enter_accounts(uow: UnitOfWork, wanted: Sequence[tuple[Registration, tuple[Identifier, ...]]]) -> list[Recognised]:
    """Raises Apart if somebody else entered one of them meanwhile."""
    parties = [Party(one.customer.name, one.customer.country, names) for one, names in wanted]
    made = await identify(uow, parties, known={})
    if len(made.new_accounts) < len(parties):
        raise Apart
    return [
        Recognised(partner_id=one.partner_id, customer=one.customer, names=names, account_id=AccountId(account.id), is_new=True)
        for (one, names), account in zip(wanted, made.new_accounts, strict=True)
    ]
