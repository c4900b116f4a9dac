"""The ledger as stored beside the ledger built anew: a state hash for each partner, and where two differ, the rows that do."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from services.commission.domain.deal import Deal
from services.commission.domain.refunding import undated
from services.commission.store.encoding import decoded_deal
from services.commission.store.replaying import ENTRY, TRANSFER
from shared.chassis.values import replace

SHOWN = 100
_PREFETCH = 5_000
_STANDING = "deal_id, partner_id, close_number, standing, revision, sale"
# kind → (its rows as stored, the same rows built anew, what they are told apart by, their columns)
_KINDS = {
    "entry": ("select {e} from public.entries where {until}", "select {e} from entries", "id", ENTRY),
    "transfer": ("select {t} from public.transfers where {until}", "select {t} from transfers", "id", TRANSFER),
    "balance": (
        """select partner_id, currency, account, amount from public.balances cross join lateral (values ('partner:held', held_minor),
            ('partner:payable', payable_minor), ('partner:in_payout', in_payout_minor), ('partner:paid', paid_minor)) as a(account, amount)
        where amount <> 0""",
        """select partner_id, currency, account, sum(amount)::bigint as amount from transfers
            cross join lateral (values (source, -amount_minor), (target, amount_minor)) as a(account, amount)
        where account <> 'programme:expense' group by 1, 2, 3 having sum(amount) <> 0""",
        "currency, account",
        "partner_id, currency, account, amount",
    ),
    "position": (
        "select partner_id, month, revenue_minor, earned_minor from public.positions where (revenue_minor, earned_minor) <> (0, 0)",
        "select partner_id, month, revenue_minor, earned_minor from positions where (revenue_minor, earned_minor) <> (0, 0)",
        "month",
        "partner_id, month, revenue_minor, earned_minor",
    ),
    "sum": (
        "select partner_id, name, amount from public.tallies where amount <> 0",
        "select partner_id, name, amount from tallies where amount <> 0",
        "name",
        "partner_id, name, amount",
    ),
    "deal": (
        "select {d} from public.deals where sale is not null",
        "select {d} from deals where sale is not null",
        "deal_id",
        _STANDING,
    ),
}
_OVER_TIME = ("entry", "transfer")  # the others are kept as they are now, so only these can be compared as of a moment
_HASHED = "select partner_id, '{kind}' as kind, hash_record_extended(row({columns}), 0) as h from ({rows}) {kind}_rows {where}"
_FOLDED = "select partner_id, kind, count(*) as n, sum(h)::text as h from ({hashed}) hashed group by 1, 2"
_BOTH = """
with stored as ({stored}), rebuilt as ({rebuilt})
select partner_id, kind, s.n as stored_rows, s.h as stored_hash, r.n as rebuilt_rows, r.h as rebuilt_hash
from stored s full join rebuilt r using (partner_id, kind) order by partner_id, kind"""
_ROWS = """
select to_jsonb(s)::text, to_jsonb(r)::text
from (select * from ({stored}) x where partner_id = $1) s full join (select * from ({rebuilt}) x where partner_id = $1) r using ({key})
where s is distinct from r order by {key}"""
_COMPARED = "where partner_id in (select partner_id from scope where compared)"


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not what the journal gives. `stored` or `rebuilt` is None where there is no such row."""

    partner_id: UUID
    kind: str
    key: str
    stored: dict[str, object] | None
    rebuilt: dict[str, object] | None

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns that differ; none where a whole row is missing or too much."""
        if self.stored is None or self.rebuilt is None:
            return ()
        return tuple(name for name, value in self.stored.items() if self.rebuilt[name] != value)


@dataclass
class Comparison:
    """Both state hashes, how many rows they cover by kind, and what differs (the first hundred rows of it)."""

    stored_hash: str = ""
    rebuilt_hash: str = ""
    rows: dict[str, int] = field(default_factory=dict)
    partners: int = 0
    differing: list[tuple[UUID, str]] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)


class Comparing:
    """Compares within the caller's transaction, which sees both. `until` leaves out what was recorded later."""

    def __init__(self, connection: asyncpg.Connection, *, scoped: bool, until: datetime | None) -> None:
        self._connection = connection
        self._where = _COMPARED if scoped else ""
        self._kinds = _KINDS if until is None else {kind: _KINDS[kind] for kind in _OVER_TIME}
        self._until = "true" if until is None else f"recorded_at <= '{until.isoformat()}'::timestamptz"

    async def compare(self) -> Comparison:
        """Fold, compare, and look closer where the folds differ.

        A row's hash is PostgreSQL's own of its columns (no serial numbers, no recording times); a partner's is the sum over its
        rows of a kind, in any order; the whole state's is SHA-256 over the partners' lines in order. Deals whose texts alone
        differ count as the text that is written now.
        """
        found, stored, rebuilt = Comparison(), hashlib.sha256(), hashlib.sha256()
        last = None
        async for row in self._folds():
            found.partners += row["partner_id"] != last
            last = row["partner_id"]
            same = _same(row) or await self._read_alike(row)
            for digest, side in ((stored, "rebuilt" if same else "stored"), (rebuilt, "rebuilt")):
                if row[f"{side}_rows"]:
                    digest.update(f"{last} {row['kind']} {row[f'{side}_rows']} {row[f'{side}_hash']}\n".encode())
            found.rows[row["kind"]] = found.rows.get(row["kind"], 0) + (row["rebuilt_rows"] or 0)
            if not same:
                found.differing.append((last, row["kind"]))
        found.stored_hash, found.rebuilt_hash = stored.hexdigest(), rebuilt.hexdigest()
        for partner_id, kind in found.differing:
            if len(found.differences) < SHOWN:
                found.differences += await self._closer(partner_id, kind, SHOWN - len(found.differences))
        return found

    async def _folds(self) -> AsyncIterator[asyncpg.Record]:
        sides = [self._folded(side) for side in (0, 1)]
        async for row in self._connection.cursor(_BOTH.format(stored=sides[0], rebuilt=sides[1]), prefetch=_PREFETCH):
            yield row

    def _folded(self, side: int) -> str:
        hashed = [
            _HASHED.format(kind=kind, columns=parts[3], rows=self._select(kind, side), where=self._where)
            for kind, parts in self._kinds.items()
        ]
        return _FOLDED.format(hashed=" union all ".join(hashed))

    def _select(self, kind: str, side: int) -> str:
        return str(self._kinds[kind][side]).format(e=ENTRY, t=TRANSFER, d=_STANDING, until=self._until)

    async def _read_alike(self, row: asyncpg.Record) -> bool:
        """Whether a partner's deals differ in their texts alone: a worker of the release before may have written the former one."""
        return row["kind"] == "deal" and not await self._closer(row["partner_id"], "deal", 1)

    async def _closer(self, partner_id: UUID, kind: str, most: int) -> list[Difference]:
        """Up to so many rows that differ in what they say, not in how it is written."""
        key, found = self._kinds[kind][2], list[Difference]()
        statement = _ROWS.format(stored=self._select(kind, 0), rebuilt=self._select(kind, 1), key=key)
        async for row in self._connection.cursor(statement, partner_id, prefetch=_PREFETCH):
            difference = _difference(partner_id, kind, key, row[0], row[1])
            if not (kind == "deal" and _same_deal(difference)):
                found.append(difference)
            if len(found) == most:
                break
        return found


def _same(row: asyncpg.Record) -> bool:
    return bool((row["stored_rows"], row["stored_hash"]) == (row["rebuilt_rows"], row["rebuilt_hash"]))


def _same_deal(difference: Difference) -> bool:
    if difference.stored is None or difference.rebuilt is None:
        return False
    stored, rebuilt = _deal(difference.stored), _deal(difference.rebuilt)
    return stored == rebuilt or (_forgot_times(stored) and _without_times(stored) == _without_times(rebuilt))


def _forgot_times(deal: Deal) -> bool:
    """Whether a former release took some of its refunds in."""
    return any(sale.refunded > sum(each.amount for each in (sale.detail.refunds if sale.detail else ())) for sale in deal.sales)


def _without_times(deal: Deal) -> Deal:
    return replace(deal, sale=deal.sale and undated(deal.sale))


def _deal(row: Any) -> Deal:
    ids = UUID(row["deal_id"]), UUID(row["partner_id"])
    return decoded_deal(*ids, row["close_number"], row["standing"], row["revision"], row["sale"])


def _difference(partner_id: UUID, kind: str, key: str, stored: str | None, rebuilt: str | None) -> Difference:
    sides = [None if text is None else orjson.loads(text) for text in (stored, rebuilt)]
    row = sides[0] or sides[1] or {}
    return Difference(partner_id, kind, " ".join(str(row[name]) for name in key.split(", ")), sides[0], sides[1])
