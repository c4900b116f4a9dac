"""The hold of an accrual: it ends by timer, a dispute or conflict freezes it, and thaws it again."""

from services.commission.domain.deal import Deal, Sale, Special, Stake
from services.commission.domain.earning import cash_of, replace_cash
from services.commission.domain.entries import Account, Transfer, transfers_of
from services.commission.domain.facts import Frozen, Released, Thawed
from services.commission.domain.outcome import Posting
from services.commission.domain.refusals import NothingStands
from shared.chassis.ids import derived_id
from shared.chassis.values import replace

Decision = Released | Frozen | Thawed


def hold(fact: Decision, deal: Deal, *, currency: str) -> Posting:
    """Release, freeze or thaw one entry. Raises NothingStands when the deal has no such accrual any more."""
    stake = next((stake for sale in deal.sales for stake in sale.stakes if stake.entry_id == fact.entry_id), None)
    if stake is None or deal.sale is None:
        raise NothingStands
    after, moved = _decided(fact, stake, currency)
    sale = _with(deal.sale, stake, after)
    if (cash := cash_of(deal)) is not None:
        sale = replace_cash(sale, replace(cash, earnings=tuple(_with(earning, stake, after) for earning in cash.earnings)))
    return Posting(fact, replace(deal, sale=sale), (), moved, (), (stake.partner_id,))


def _with(sale: Sale, stake: Stake, after: Stake) -> Sale:
    """The sale with the stake as it is now, if it is one of its own."""
    return replace(sale, stakes=tuple(after if each is stake else each for each in sale.stakes))


def _decided(fact: Decision, stake: Stake, currency: str) -> tuple[Stake, tuple[Transfer, ...]]:
    special = stake.special or Special()
    if isinstance(fact, Released):
        if special.stopped:
            raise NothingStands
        moved = _moved(fact, stake, stake.left, Account.HELD, Account.PAYABLE, currency)
        return replace(stake, released=True), moved
    if isinstance(fact, Frozen):
        return _frozen(fact, stake, special, currency)
    return _thawed(fact, stake, special, currency)


def _frozen(fact: Frozen, stake: Stake, special: Special, currency: str) -> tuple[Stake, tuple[Transfer, ...]]:
    if stake.released and stake.left < 0:  # a debt: to hold it back would make so much more payable
        raise NothingStands
    marked = replace(special, contested=True) if fact.conflict_id else replace(special, frozen=True)
    if not stake.released:
        return replace(stake, special=marked), ()
    if fact.amount is not None:
        kept = replace(marked, withheld=special.withheld + fact.amount)
        return replace(stake, special=kept), _moved(fact, stake, fact.amount, Account.PAYABLE, Account.HELD, currency)
    back = _moved(fact, stake, stake.left - special.withheld, Account.PAYABLE, Account.HELD, currency)
    return replace(stake, released=False, special=replace(marked, withheld=0)), back


def _thawed(fact: Thawed, stake: Stake, special: Special, currency: str) -> tuple[Stake, tuple[Transfer, ...]]:
    free, back = replace(special, frozen=False), 0
    if fact.conflict_id:
        free, back = replace(special, contested=False, withheld=0), special.withheld
    moved = _moved(fact, stake, back, Account.HELD, Account.PAYABLE, currency)
    return replace(stake, special=None if free == Special() else free), moved


def _moved(fact: Decision, stake: Stake, amount: int, source: Account, target: Account, currency: str) -> tuple[Transfer, ...]:
    return transfers_of(
        derived_id("commission.hold", fact.id),
        entry_id=stake.entry_id,
        partner_id=stake.partner_id,
        amount=amount,
        source=source,
        target=target,
        currency=currency,
    )
