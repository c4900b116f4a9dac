"""Files for the bank: what is in them is what was started, the same bytes each time."""

import csv
import io
from fractions import Fraction

import pytest
from lxml import etree

from services.commission.domain.facts import Rate
from services.commission.payout_files.pain001 import NAMESPACE, check
from services.commission.store.plans import Plans
from services.commission.use_cases.decide import decide
from shared.chassis.service import Service
from shared.chassis.testing.clock import ManualClock
from shared.chassis.testing.stage import Stage
from tests.integration.commission.facts import partner, rows
from tests.integration.commission.finance import DEBTOR, IBANS, Finance, ok, refused

NS = {"p": NAMESPACE}


@pytest.fixture
async def finance(stage: Stage, commission: Service, clock: ManualClock) -> Finance:
    return Finance(stage, commission, clock)


async def test_export_when_of_a_started_batch_then_both_files_say_what_is_paid(finance: Finance) -> None:
    await finance.rules(debtors={"USD": DEBTOR})
    await finance.payee(1, iban=IBANS[0])
    await finance.payee(2, number="0012345678", bic="CHASUS33", town="New York", country="US")
    for who, minor in ((1, 150_00), (2, 75_45)):
        await finance.earn(minor, who=who)
    batch = await finance.started()
    answer = await finance.ann.get(f"/v1/payout-batches/{batch}/export")
    document = etree.fromstring(answer.content)
    check(document)
    assert answer.headers["content-type"] == "application/xml"
    assert document.findtext(".//p:GrpHdr/p:CtrlSum", namespaces=NS) == "225.45"
    paid = {each.findtext(".//p:CdtrAcct//p:IBAN", namespaces=NS): each for each in document.iterfind(".//p:CdtTrfTxInf", NS)}
    assert paid[IBANS[0]].findtext(".//p:InstdAmt", namespaces=NS) == "150.00"
    assert paid[None].findtext(".//p:CdtrAcct//p:Othr/p:Id", namespaces=NS) == "0012345678"
    table = await finance.ann.get(f"/v1/payout-batches/{batch}/export", params={"format": "csv"})
    lines = {line["partner_id"]: line for line in csv.DictReader(io.StringIO(table.text))}
    assert lines[str(partner(2))] | {"payout_id": "", "remittance": ""} == {
        "payout_id": "",
        "partner_id": str(partner(2)),
        "name": "Müller & Söhne 2",
        "iban": "",
        "account_number": "0012345678",
        "bic": "CHASUS33",
        "amount": "75.45",
        "currency": "USD",
        "execute_on": lines[str(partner(1))]["execute_on"],
        "remittance": "",
        "books_amount": "75.45",
        "books_currency": "USD",
        "rate": "",
    }


async def test_export_when_repeated_or_settled_meanwhile_then_the_same_bytes(finance: Finance) -> None:
    await finance.rules(debtors={"USD": DEBTOR})
    await finance.payee()
    await finance.earn(150_00)
    batch = await finance.started()
    first = (await finance.ann.get(f"/v1/payout-batches/{batch}/export")).content
    await finance.rules(minimum="70.00")
    await ok(finance.ann.post(f"/v1/payout-batches/{batch}/confirm", json={}))
    assert (await finance.bob.get(f"/v1/payout-batches/{batch}/export")).content == first
    steps = (await ok(finance.ann.get(f"/v1/payout-batches/{batch}")))["steps"]
    assert steps["exported"]["by"] == "bob"


async def test_export_when_not_started_or_without_an_account_to_pay_from_then_refused(finance: Finance) -> None:
    await finance.payee()
    await finance.earn(150_00)
    batch = await finance.approved()
    path = f"/v1/payout-batches/{batch}/export"
    assert await refused(finance.ann.get(path)) == (409, "batch_in_other_state")
    await ok(finance.ann.post(f"/v1/payout-batches/{batch}/start"))
    assert await refused(finance.ann.get(path)) == (409, "account_missing")


async def test_payout_when_in_another_currency_then_converted_at_the_rate_of_the_day_with_both_amounts(
    finance: Finance, commission: Service
) -> None:
    await finance.rules(debtors={"EUR": DEBTOR})
    await finance.payee(1, currency="EUR", iban=IBANS[0])
    await finance.earn(150_00)
    assert await finance.outcome((await finance.draft("EUR"))["id"]) == {partner(1): ("skipped", "no_fx_rate")}
    day = finance.clock.now().date()
    rate = Rate("fx:test", finance.clock.now(), "USD", "EUR", day, Fraction("0.92345"), "ECB")
    async with commission.platform.worker_database.transaction() as uow:
        await decide(uow, [rate], plans=Plans())
    batch = await finance.started("EUR")
    (payout,) = await finance.payouts(batch)
    assert (payout["amount"], payout["pays"]) == ({"amount_minor": 150_00, "currency": "USD"}, {"amount_minor": 138_52, "currency": "EUR"})
    assert payout["rate"] == {"rate": "0.92345", "day": day.isoformat(), "source": "ECB"}
    document = etree.fromstring((await finance.ann.get(f"/v1/payout-batches/{batch}/export")).content)
    assert document.findtext(".//p:SvcLvl/p:Cd", namespaces=NS) == "SEPA"
    assert document.findtext(".//p:InstdAmt", namespaces=NS) == "138.52"
    assert await finance.balance() == (0, 0, 150_00, 0)
    assert await rows(commission, "select payload::jsonb#>>'{pays,currency}' from outbox where type like '%payout_started%'") == [("EUR",)]
