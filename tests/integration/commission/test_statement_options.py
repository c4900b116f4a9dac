"""A real statement under each option of a plan: verified offline, equal to the ledger, and no figure in it can be changed."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx2
import pytest

from services.commission.domain.facts import Rate
from services.commission.statement_document import canonical, seal
from services.commission.store.plans import Plans
from services.commission.use_cases.decide import decide
from shared.chassis.service import Service
from shared.chassis.testing.clock import ManualClock
from shared.schemas.base import Event
from tests.integration.commission.facts import NOW, closed, invoiced, paid, partner, refunded, rows, take_in
from tests.integration.commission.parties import Parties
from tests.integration.commission.plans import TODAY, rule
from tests.integration.commission.stating import APRIL, DAY, Json, download, of, verify

IN_APRIL = APRIL + DAY
NEXT_YEAR = datetime(2027, 1, 2, tzinfo=UTC)
STEPS = [{"from": "0", "to": "100", "rate": "0.10"}, {"from": "100", "to": None, "rate": "0.20"}]
EURO = Rate("rate", NOW, "EUR", "USD", NOW.date(), Fraction("1.1"), "ecb")

Shown = tuple[str, int]


@dataclass(frozen=True)
class Case:
    """Options of a version that pays 10 % of each deal, what is told under it and when, and what that gives.

    `shows` is worked out by hand: for each partner its statements, of each the entries with kind and minor units.
    """

    told: Mapping[datetime, Sequence[Event]]
    shows: Mapping[int, Sequence[Sequence[Shown]]]
    options: Json = field(default_factory=dict)
    rates: Sequence[Rate] = ()


CASES = {
    "rules": Case(
        options={"rules": [{"name": "small", "when": {"max_amount": "50"}, "rate": "0.30"}]},
        told={NOW: [closed(1, 120_00, lines={"a": 40_00, "b": 80_00})], IN_APRIL: [refunded(1, 20_00, lines=[("a", 20_00)])]},
        shows={1: [[("accrual", 12_00 + 8_00)], [("reversal", -6_00)]]},
    ),
    "a cap": Case(
        options={"caps": [{"period": "year", "amount": "15"}]},
        told={NOW: [closed(1, 100_00), closed(2, 100_00)], IN_APRIL: [refunded(1, 100_00), closed(3, 70_00, at=IN_APRIL)]},
        shows={1: [[("accrual", 10_00), ("accrual", 5_00)], [("reversal", -10_00), ("accrual", 7_00)]]},
    ),
    "a SPIFF whose budget another partner used": Case(
        options={"spiffs": [{"name": "launch", "from": TODAY, "until": "2100-01-01", "rate": "0.1", "budget": "15"}]},
        told={NOW: [closed(1, 80_00, shares={2: "1"}), closed(2, 100_00)], IN_APRIL: [refunded(2, 50_00)]},
        shows={
            1: [[("accrual", 10_00), ("spiff", 7_00)], [("reversal", -5_00), ("reversal", -3_50)]],
            2: [[("accrual", 8_00), ("spiff", 8_00)], []],
        },
    ),
    "a quarterly bonus": Case(
        options={"bonuses": [{"name": "target", "period": "quarter", "target": "100", "rate": "0.01"}]},
        told={NOW: [closed(1, 200_00)], IN_APRIL: [refunded(1, 50_00)]},
        shows={1: [[("accrual", 20_00)], [("bonus", 2_00), ("reversal", -5_00), ("adjustment", -50)]]},
    ),
    "a yearly reward": Case(
        options={"rewards": [{"name": "top", "top": 2, "amounts": ["50", "20"]}]},
        told={NOW: [closed(1, 10_00), closed(2, 30_00, shares={2: "1"}), closed(3, 20_00, shares={3: "1"})], NEXT_YEAR: []},
        shows={
            1: [[("accrual", 1_00)], []],
            2: [[("accrual", 3_00)], [("reward", 50_00)]],
            3: [[("accrual", 2_00)], [("reward", 20_00)]],
        },
    ),
    "split commission": Case(  # 20.01 in the position of the registrant, which is at 100.00; the odd cent is the first one's
        options={"split": "commission", "base": "cumulative", "brackets": STEPS},
        told={NOW: [closed(1, 100_00), closed(2, 100_05, shares={1: "0.5", 2: "0.5"})], IN_APRIL: [refunded(2, 50_00)]},
        shows={1: [[("accrual", 10_00), ("accrual", 10_01)], [("reversal", -5_00)]], 2: [[("accrual", 10_00)], [("reversal", -5_00)]]},
    ),
    "rerate": Case(  # the refund of the first deal is taken back at the rate that the second one reached
        options={"refunds": "rerate", "base": "cumulative", "brackets": STEPS},
        told={NOW: [closed(1, 100_00), closed(2, 100_00)], IN_APRIL: [refunded(1, 100_00)]},
        shows={1: [[("accrual", 10_00), ("accrual", 20_00)], [("reversal", -20_00)]]},
    ),
    "earned on invoices": Case(
        options={"earned_on": "invoiced"},
        told={NOW: [closed(1, 100_00), invoiced(1, 60_00)], IN_APRIL: [invoiced(1, 40_00), refunded(1, 50_00)]},
        shows={1: [[("accrual", 0), ("accrual", 6_00)], [("accrual", 4_00), ("reversal", -3_00), ("reversal", -2_00)]]},
    ),
    "earned on payments": Case(
        options={"earned_on": "paid"},
        told={NOW: [closed(1, 100_00, shares={1: "1/3", 2: "2/3"}), paid(1, 50_00)], IN_APRIL: [paid(1, 50_00)]},
        shows={
            1: [[("accrual", 0), ("accrual", 1_67)], [("accrual", 1_66)]],
            2: [[("accrual", 0), ("accrual", 3_33)], [("accrual", 3_34)]],
        },
    ),
    "pays margin": Case(
        options={"pays": "margin"},
        told={NOW: [closed(1, 100_00)], IN_APRIL: [refunded(1, 50_00)]},
        shows={1: [[("accrual", 0)], [("reversal", 0)]]},
    ),
    "another currency": Case(
        rates=[EURO],
        told={NOW: [closed(1, 100_00, currency="EUR")], IN_APRIL: [refunded(1, 50_00, currency="EUR")]},
        shows={1: [[("accrual", 11_00)], [("reversal", -5_50)]]},
    ),
    "a version for one partner alone": Case(  # the other one has that of the programme: 15 %
        options={"assigned_to": {"partners": [str(partner(1))]}, "brackets": [{"from": "0", "to": None, "rate": "0.2575"}]},
        told={NOW: [closed(1, 100_00), closed(2, 100_00, shares={2: "1"})], IN_APRIL: [refunded(1, 50_00)]},
        shows={1: [[("accrual", 25_75)], [("reversal", -12_88)]], 2: [[("accrual", 15_00)], []]},
    ),
    "a late fact": Case(
        told={NOW: [closed(1, 100_00)], IN_APRIL: [closed(2, 50_00, at=NOW), closed(3, 30_00, at=IN_APRIL)]},
        shows={1: [[("accrual", 10_00)], [("accrual", 5_00), ("accrual", 3_00)]]},
    ),
}


@pytest.fixture(params=CASES.values(), ids=CASES)
async def case(request: pytest.FixtureRequest, commission: Service, clock: ManualClock) -> Case:
    """A plan with the option, and every statement issued of what was told under it."""
    found: Case = request.param
    await _happen(commission, clock, found)
    return found


async def _happen(service: Service, clock: ManualClock, case: Case, *, disputed_by: Parties | None = None) -> None:
    await rule(service, **case.options)
    async with service.platform.worker_database.transaction() as uow:
        await decide(uow, case.rates, plans=Plans())
    for at, events in case.told.items():
        clock.set(at)
        await service.worker.timers.run_due()
        await take_in(service, *events)
        await service.worker.timers.run_due()
        if disputed_by is not None:
            await _dispute_all(disputed_by, case)
    clock.set(max(case.told) + 31 * DAY)
    await service.worker.timers.run_due()


async def _dispute_all(parties: Parties, case: Case) -> None:
    """Each of the partners disputes all its entries that it does not dispute already."""
    for number in case.shows:
        sql = f"select id from entries where partner_id = '{partner(number)}' and id not in (select entry_id from disputes) order by seq"
        for (entry_id,) in await rows(parties.service, sql):
            await parties.open(entry_id, by=number)


async def test_statements_of_an_option_when_issued_then_they_show_what_was_worked_out_by_hand(case: Case, commission: Service) -> None:
    found = {number: [list(map(_short, _entries(each))) for each in await of(commission, number)] for number in case.shows}
    assert found == case.shows


async def test_statements_of_an_option_when_verified_offline_then_right_with_their_paper_and_their_chain(
    case: Case, operator: httpx2.AsyncClient, tmp_path: Path
) -> None:
    for number in case.shows:
        copies = await download(operator, tmp_path, number)
        for former, copy in zip([None, *copies], copies, strict=False):
            chain = ("--former", former.document) if former else ()
            assert verify(copy.document, "--pdf", copy.pdf, "--hash", copy.announced, *chain) == (0, [])


async def test_statements_of_an_option_when_added_up_then_their_totals_are_the_ledgers(case: Case, commission: Service) -> None:
    for number in case.shows:
        statements = await of(commission, number)
        ends = statements[-1]["period"]["ends"]
        assert _totals(statements) == await _ledger(commission, number, ends)
        assert _balances(statements[-1]) == await _accounts(commission, number, ends)


async def test_statements_of_an_option_when_a_figure_is_changed_then_found_also_when_all_is_sealed_anew(
    case: Case, commission: Service, tmp_path: Path
) -> None:
    for number in case.shows:
        for forged in (each for statement in await of(commission, number) for each in _forgeries(statement)):
            assert {"hash_differs", "figure_differs"} <= _found(forged, tmp_path)
            assert "figure_differs" in _found(seal({name: value for name, value in forged.items() if name != "hash"}), tmp_path)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_statements_of_an_option_when_every_entry_is_disputed_then_disputes_hold_all_that_is_held(
    case: Case, parties: Parties, tmp_path: Path
) -> None:
    await _happen(parties.service, parties.clock, case, disputed_by=parties)
    for number in case.shows:
        statements = await of(parties.service, number)
        assert [_found(each, tmp_path) for each in statements] == [set()] * len(statements)
        disputes = statements[-1]["disputes"]
        held = sum(row["held"] for row in statements[-1]["closing"]["balances"])
        assert sum(each["held"] for each in disputes) == held + await _owed(parties.service, number)
        assert len(disputes) == sum(len(_entries(each)) for each in statements)


@pytest.mark.parametrize("change", [{"late": False}, {"occurred_at": "2026-04-02T09:00:00+00:00"}])
async def test_late_fact_when_issued_then_an_adjustment_with_both_dates_and_neither_can_be_changed(
    commission: Service, clock: ManualClock, tmp_path: Path, change: Json
) -> None:
    await _happen(commission, clock, CASES["a late fact"])
    _, april = await of(commission, 1)
    late = [line for line in april["lines"] if line["late"] and line["entries"]]
    assert [(line["occurred_at"][:10], line["recorded_at"][:10]) for line in late] == [("2026-03-02", "2026-04-02")]
    assert _found(april, tmp_path) == set()
    late[0].update(change)
    assert "figure_differs" in _found(seal({name: value for name, value in april.items() if name != "hash"}), tmp_path)


def _entries(statement: Json) -> list[Json]:
    return [entry for line in statement["lines"] for entry in line["entries"]]


def _short(entry: Json) -> Shown:
    return entry["kind"], entry["amount"]


def _totals(statements: Sequence[Json]) -> dict[tuple[str, str], int]:
    found: defaultdict[tuple[str, str], int] = defaultdict(int)
    for entry in (entry for statement in statements for entry in _entries(statement)):
        found[entry["kind"], entry["currency"]] += entry["amount"]
    return found


def _forgeries(statement: Json) -> Iterator[Json]:
    """The statement with one of its figures changed: of an entry, of a movement, of where it ends."""
    for index, line in enumerate(statement["lines"]):
        for part in ("entries", "transfers"):
            yield from (_changed(statement, "lines", index, part, number, "amount") for number in range(len(line[part]))[:1])
    for number in range(len(statement["summary"])):
        yield _changed(statement, "closing", "balances", number, "held")
        yield _changed(statement, "summary", number, "closing", "payable")


def _changed(statement: Json, *place: str | int) -> Json:
    changed = deepcopy(statement)
    parent: Any = changed
    for step in place[:-1]:
        parent = parent[step]
    parent[place[-1]] += 1
    return changed


def _found(statement: Json, folder: Path) -> set[str]:
    """The codes of what `hansa statement verify` finds in it."""
    file = folder / "statement.json"
    file.write_bytes(canonical(statement))
    code, findings = verify(file)
    assert code == (1 if findings else 0)
    return {finding["code"] for finding in findings}


async def _ledger(service: Service, number: int, ends: str) -> dict[tuple[str, str], int]:
    """Sums of the partner's entries by kind and currency, as they were at that instant."""
    sql = f"""select kind, currency, sum(amount_minor)::bigint from entries
    where partner_id = '{partner(number)}' and recorded_at < '{ends}' group by 1, 2"""
    return {(kind, currency): total for kind, currency, total in await rows(service, sql)}


async def _accounts(service: Service, number: int, ends: str) -> dict[tuple[str, str], int]:
    """What transfers left in the partner's accounts at that instant, where it is not 0."""
    sql = f"""select currency, account, sum(amount)::bigint from (
        select currency, target as account, amount_minor as amount, partner_id, recorded_at from transfers
        union all select currency, source, -amount_minor, partner_id, recorded_at from transfers) as moved
    where partner_id = '{partner(number)}' and recorded_at < '{ends}' and account like 'partner:%' group by 1, 2 having sum(amount) <> 0"""
    return {(currency, account): total for currency, account, total in await rows(service, sql)}


def _balances(statement: Json) -> dict[tuple[str, str], int]:
    found = statement["closing"]["balances"]
    return {(row["currency"], f"partner:{name}"): row[name] for row in found for name in row if name != "currency" and row[name]}


async def _owed(service: Service, number: int) -> int:
    """Of how much more than they were the partner's accruals were taken back (`rerate`): a debt, which no dispute holds."""
    sql = f"""select coalesce(sum(greatest(-left_of_it, 0)), 0)::bigint from (
        select e.amount_minor + sum(r.amount_minor) as left_of_it from entries e join entries r on r.reverses = e.id
        where e.partner_id = '{partner(number)}' and r.kind = 'reversal' group by e.id, e.amount_minor) as taken_back"""
    return int((await rows(service, sql))[0][0])
