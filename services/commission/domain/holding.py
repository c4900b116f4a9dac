"""The hold of an accrual: it ends by timer, a dispute or conflict freezes it, and thaws it again."""

from dataclasses import replace

from services.commission.domain.deal import Deal, Sale, Special, Stake
from services.commission.domain.entries import Account, Transfer, transfers_of
from services.commission.domain.facts import Frozen, Released, Thawed
from services.commission.domain.outcome import Posting
from services.commission.domain.refusals import NothingStands
from shared.chassis.ids import derived_id

Decision = Released | Frozen | Thawed


def hold(fact: Decision, deal: Deal, sale: Sale, *, currency: str) -> Posting:
    """Release, freeze or thaw one entry. Raises NothingStands when the deal has no such accrual any more."""
    stake = next((stake for stake in sale.stakes if stake.entry_id == fact.entry_id), None)
    if stake is None:
        raise NothingStands
    after, moved = _decided(fact, stake, currency)
    stakes = tuple(after if each is stake else each for each in sale.stakes)
    return Posting(fact, replace(deal, sale=replace(sale, stakes=stakes)), (), moved, (), (stake.partner_id,))


def _decided(fact: Decision, stake: Stake, currency: str) -> tuple[Stake, tuple[Transfer, ...]]:
    special = stake.special or Special()
    if isinstance(fact, Released):
        if special.frozen:
            raise NothingStands
        moved = _moved(fact, stake, Account.HELD, Account.PAYABLE, currency)
        return replace(stake, released=True), moved
    if isinstance(fact, Frozen):
        back = _moved(fact, stake, Account.PAYABLE, Account.HELD, currency) if stake.released else ()
        return replace(stake, released=False, special=replace(special, frozen=True)), back
    thawed = replace(special, frozen=False)
    return replace(stake, special=None if thawed == Special() else thawed), ()


def _moved(fact: Decision, stake: Stake, source: Account, target: Account, currency: str) -> tuple[Transfer, ...]:
    return transfers_of(
        derived_id("commission.hold", fact.id),
        entry_id=stake.entry_id,
        partner_id=stake.partner_id,
        amount=stake.left,
        source=source,
        target=target,
        currency=currency,
    )
