"""Journal and ledger of one instant, read by a single statement: consistent beside live traffic, and without a lock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import orjson

from services.commission.domain.deal import Deal, Standing
from services.commission.domain.entries import Account, Entry, Kind, Transfer
from services.commission.domain.ledger import Journaled, Ledger, replay
from services.commission.domain.plan import Plan
from services.commission.plan_document import PlanDocument
from services.commission.store.encoding import Json, decoded_deal, decoded_derivation, decoded_fact
from services.commission.store.plans import joined
from shared.chassis.database import UnitOfWork

_ALL = """
select 'journal', seq, jsonb_build_object('kind', kind, 'plan_known', plan_known, 'body', body)::text from journal where lead
union all select 'entry', seq, to_jsonb(e)::text from entries e
union all select 'transfer', 0, to_jsonb(t)::text from transfers t
union all select 'position', 0, to_jsonb(p)::text from positions p
union all select 'tally', 0, to_jsonb(t)::text from tallies t
union all select 'balance', 0, to_jsonb(b)::text from balances b
union all select 'deal', 0, to_jsonb(d)::text from deals d
order by 1, 2"""


@dataclass
class Snapshot:
    """The journal in posting order, the plan that it records, and the ledger as stored."""

    plan: Plan
    journal: list[Journaled]
    stored: Ledger

    def replayed(self) -> Ledger:
        """The ledger that the journal gives."""
        return replay(self.journal, self.plan)


async def snapshot(uow: UnitOfWork) -> Snapshot:
    """Everything; held in memory, so it is for audits, not for pages."""
    ledger, facts, documents = Ledger(), [], []
    for kind, _, text in await uow.fetch(_ALL):
        row: Json = orjson.loads(text)
        if kind != "journal":
            _INTO[kind](ledger, row)
        elif row["kind"] == "plan":
            documents.append(PlanDocument.read(row["body"]))
        else:
            facts.append(Journaled(decoded_fact(row["kind"], row["body"]), row["plan_known"]))
    return Snapshot(joined(documents), facts, ledger)


def _id(text: str | None) -> UUID | None:
    return None if text is None else UUID(text)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _entry(ledger: Ledger, row: Json) -> None:
    ledger.entries.append(
        Entry(
            id=UUID(row["id"]),
            fact_id=row["fact_id"],
            kind=Kind(row["kind"]),
            partner_id=UUID(row["partner_id"]),
            deal_id=_id(row["deal_id"]),
            close_number=row["close_number"],
            amount=row["amount_minor"],
            revenue=row["revenue_minor"],
            currency=row["currency"],
            plan_version=row["plan_version"],
            rule=row["rule"],
            month=date.fromisoformat(row["month"]),
            closed_at=_instant(row["closed_at"]),
            release_at=_instant(row["release_at"]),
            reason=row["reason"],
            derivation=decoded_derivation(row["derivation"]),
            reverses=_id(row["reverses"]),
        )
    )


def _transfer(ledger: Ledger, row: Json) -> None:
    source, target = Account(row["source"]), Account(row["target"])
    ids = UUID(row["id"]), _id(row["entry_id"]), UUID(row["partner_id"])
    ledger.transfers.append(Transfer(*ids, source, target, row["amount_minor"], row["currency"]))


def _position(ledger: Ledger, row: Json) -> None:
    key = UUID(row["partner_id"]), date.fromisoformat(row["month"])
    ledger.positions[key], ledger.earned[key] = row["revenue_minor"], row["earned_minor"]


def _tally(ledger: Ledger, row: Json) -> None:
    ledger.tallies[UUID(row["partner_id"]), row["name"]] = row["amount"]


def _balance(ledger: Ledger, row: Json) -> None:
    partner_id = UUID(row["partner_id"])
    for account in Account:
        if account is not Account.EXPENSE:
            ledger.balances[partner_id, account, row["currency"]] = row[f"{account.name.lower()}_minor"]


def _deal(ledger: Ledger, row: Json) -> None:
    ids = UUID(row["deal_id"]), UUID(row["partner_id"])
    deal: Deal = decoded_deal(*ids, row["close_number"], Standing(row["standing"]), row["revision"], row["sale"])
    ledger.deals[deal.id] = deal


_INTO: dict[str, Callable[[Ledger, Json], None]] = {
    "entry": _entry,
    "transfer": _transfer,
    "position": _position,
    "tally": _tally,
    "balance": _balance,
    "deal": _deal,
}
