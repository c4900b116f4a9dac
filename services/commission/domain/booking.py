"""Decisions of staff and timers: their money is listed in them, and they are booked as they are."""

from services.commission.domain.entries import Account, Entry, Transfer, transfers_of
from services.commission.domain.facts import Adjusted, Booked
from services.commission.domain.outcome import Posting
from services.commission.domain.plan import Plan
from shared.chassis.ids import derived_id

NO_VERSION = 0


def booked(fact: Booked, plan: Plan) -> Posting:
    """The entries and transfers that the decision lists."""
    entries = tuple(_entry(fact, each, plan) for each in fact.entries)
    transfers: list[Transfer] = []
    for entry, each in zip(entries, fact.entries, strict=True):
        transfers += transfers_of(
            entry.id,
            entry_id=entry.id,
            partner_id=fact.partner_id,
            amount=entry.amount,
            source=Account.EXPENSE,
            target=each.account,
            currency=fact.currency,
        )
    for number, moved in enumerate(fact.transfers):
        transfer_id = derived_id("commission.moved", fact.id, number)
        transfers.append(Transfer(transfer_id, moved.entry_id, fact.partner_id, moved.source, moved.target, moved.amount, fact.currency))
    return Posting(fact, None, entries, tuple(transfers), (), (fact.partner_id,))


def _entry(fact: Booked, adjusted: Adjusted, plan: Plan) -> Entry:
    return Entry(
        id=adjusted.entry_id,
        fact_id=fact.id,
        kind=adjusted.kind,
        partner_id=fact.partner_id,
        deal_id=adjusted.deal_id,
        close_number=None,
        amount=adjusted.amount,
        revenue=0,
        currency=fact.currency,
        plan_version=NO_VERSION,
        rule=fact.what,
        month=plan.calendar.month(fact.at),
        closed_at=None,
        release_at=None,
        reason=adjusted.reason,
        derivation=adjusted.derivation,
        reverses=adjusted.reverses,
    )
