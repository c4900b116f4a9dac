"""Poison of every kind between good events, through a real broker to a running worker: set aside by name, nothing else touched."""

from collections.abc import Callable

import pytest
from aiokafka.errors import MessageSizeTooLargeError

from services.commission.use_cases.audit import audit
from shared.chassis.events.incoming import Raw
from shared.chassis.service import Service
from shared.chassis.testing.records import Told, record, with_header
from shared.chassis.testing.stage import Stage
from shared.chassis.testing.waiting import eventually
from shared.chassis.values import replace
from shared.schemas.base import Event
from tests.integration.commission.facts import closed, partner, refunded, rows

POISONED, FREE = 1, 2


def raw(number: int, event: Event) -> Raw:
    return record(Told(event), number=number, service="registration")


def body(old: str, new: str) -> Callable[[Raw], Raw]:
    """The record with a part of its body replaced; a part that is not there is a mistake of the test."""

    def change(raw: Raw) -> Raw:
        assert raw.value is not None
        assert old.encode() in raw.value
        return replace(raw, value=raw.value.replace(old.encode(), new.encode()))

    return change


def header(name: str, value: bytes | None) -> Callable[[Raw], Raw]:
    return lambda raw: with_header(raw, name, value)


# What each is parked as. All are closes of the poisoned partner, keyed by it.
PARKED: dict[str, tuple[Callable[[Raw], Raw], str]] = {
    "bad_json": (lambda raw: replace(raw, value=b'{"partner_id": '), "json_invalid"),
    "not_utf8": (lambda raw: replace(raw, value=b'{"partner_id": "\xff"}'), "json_invalid"),
    "lone_surrogate": (body('"alpha"', '"\\ud800"'), "json_invalid"),
    "not_an_object": (lambda raw: replace(raw, value=b"[]"), "schema_mismatch"),
    "wrong_schema": (body('"close_number":1', '"close_number":"one"'), "schema_mismatch"),
    "beyond_bigint": (body('"amount_minor":10000,"currency"', '"amount_minor":9223372036854775808,"currency"'), "schema_mismatch"),
    "far_date": (body('"closed_at":"2026-', '"closed_at":"12026-'), "schema_mismatch"),
    "empty": (lambda raw: replace(raw, value=b""), "body_empty"),
    "null": (lambda raw: replace(raw, value=None), "body_empty"),
    "unknown_version": (header("ce_type", b"hansa.deal.closed.v99"), "type_unknown"),
    "unknown_type": (header("ce_type", b"\xf0\x9f\x92\xa3"), "type_unknown"),
    "null_header": (header("ce_type", None), "header_invalid"),
    "no_headers": (lambda raw: replace(raw, headers=()), "header_invalid"),
    "header_not_utf8": (header("ce_id", b"\xff\xfe\x80"), "header_invalid"),
    "nul_in_header": (header("ce_id", b"a\x00b"), "header_invalid"),
    "endless_header": (header("ce_id", b"x" * 100_000), "header_invalid"),
    "sequence_no_number": (header("ce_sequence", b"-1"), "header_invalid"),
    "time_no_instant": (header("ce_time", b"yesterday"), "header_invalid"),
    "nul_in_text": (body('"alpha"', '"a\\u0000b"'), "DBAPIError"),
}
# What each is refused as: it is an outcome, so that nothing stays behind it.
REFUSED: dict[str, tuple[Callable[[Raw], Raw], str]] = {
    "share_of_nothing": (body('"share":"1"', '"share":"1/0"'), "share_invalid"),
    "share_of_a_million_digits": (body('"share":"1"', f'"share":"1/{"3" * 100_000}"'), "share_invalid"),
    "shares_above_one": (body('"share":"1"', '"share":"1.01"'), "splits_not_one"),
    "end_of_time": (body('"closed_at":"2026-', '"closed_at":"9999-'), "instant_out_of_range"),
    "nobody": (body('"credits":[{', '"credits":[],"nobody":[{'), "splits_not_one"),
    "lines_do_not_add_up": (body('"amount_minor":10000,"currency"', '"amount_minor":10001,"currency"'), "lines_mismatch"),
    "below_zero": (lambda raw: body('"lines":[{', '"lines":[],"none":[{')(body(':10000,"cur', ':-10000,"cur')(raw)), "amount_negative"),
}
HARMLESS: dict[str, Callable[[Raw], Raw]] = {
    "foreign_null_header": header("x-null", None),
    "foreign_header_not_utf8": header("x-bytes", b"\xff\xfe"),
    "reply_to": header("reply_to", b"somewhere"),
    "correlation_id": header("correlation_id", b"\xff"),
    "content_type": header("content-type", b"\xff\x00"),
    "nearly_too_large": body('"territory":"any"', f'"territory":"any","more":"{"x" * 900_000}"'),
}


class Story:
    """Good closes of 100.00 each (worth 15.00), numbered as deals, with whatever comes between them."""

    def __init__(self) -> None:
        self.records: list[Raw] = []
        self.good: dict[int, list[int]] = {POISONED: [], FREE: []}

    def add(self, owner: int, spoil: Callable[[Raw], Raw] = lambda raw: raw) -> Raw:
        number = len(self.records)
        self.records.append(spoil(raw(number, closed(number, 100_00, shares={owner: "1"}))))
        return self.records[-1]

    def add_good(self, spoil: Callable[[Raw], Raw] = lambda raw: raw) -> None:
        for owner in self.good:
            self.good[owner].append(len(self.records))
            self.add(owner, spoil)


async def send(stage: Stage, records: list[Raw]) -> None:
    wire = await stage.wire()
    await wire.send_all([(each.topic, each.key, each.value, each.headers) for each in records])


async def accrued(service: Service, owner: int) -> list[int]:
    """The deals of a partner in the order in which they came into its books."""
    lead = "select body->>'deal_id' from journal where lead and partner_id = '{}' order by number"
    known = {str(closed(number, 1).deal_id): number for number in range(300)}
    return [known[str(row[0])] for row in await rows(service, lead.format(partner(owner)))]


async def test_poison_of_every_kind_when_between_good_events_then_each_is_named_and_the_good_count_once(stage: Stage) -> None:
    service = await stage.launch("commission", api=False, park_limit=1_000)
    story = Story()
    story.add_good()
    for spoil, _ in REFUSED.values():
        story.add(POISONED, spoil)
        story.add_good()
    for harmless in HARMLESS.values():
        story.add_good(harmless)
    twice = story.records[0]
    story.records += [twice, twice, replace(twice, value=(twice.value or b"") + b" ")]
    for spoil, _ in PARKED.values():
        story.add(POISONED, spoil)
        story.add_good()
    await send(stage, story.records)
    good = story.good

    async def free_is_through() -> bool:
        return await accrued(service, FREE) == good[FREE]

    async def poisoned_is_held_up() -> bool:
        return len(await accrued(service, POISONED)) == 1 + len(REFUSED) + len(HARMLESS)

    await eventually(free_is_through, what="the other partner's commission")
    await eventually(poisoned_is_held_up, what="the poisoned partner's commission up to the first that is parked")
    await eventually(lambda: _refused(service, [*(code for _, code in REFUSED.values()), "event_conflict"]), what="the refusals")

    async def all_is_through() -> bool:
        await rows(service, "update dead_letters set state = 'discarded' where state = 'parked' and error <> 'parked_behind'")
        return await accrued(service, POISONED) == good[POISONED]

    await eventually(all_is_through, what="the poisoned partner's commission")
    assert await _codes(service) == sorted(code for _, code in PARKED.values())
    await _audit(service, {owner: len(deals) for owner, deals in good.items()})
    await _goes_on(stage, service)


async def _codes(service: Service) -> list[str]:
    return sorted(str(row[0]) for row in await rows(service, "select error from dead_letters where state = 'discarded'"))


async def _refused(service: Service, codes: list[str]) -> bool:
    return sorted(str(row[0]) for row in await rows(service, "select code from refusals")) == sorted(codes)


async def _audit(service: Service, deals: dict[int, int]) -> None:
    async with service.platform.worker_database.transaction() as uow:
        assert (await audit(uow)).ok
    balances = await rows(service, "select partner_id, held_minor + payable_minor from balances")
    assert sorted(balances) == sorted((partner(owner), 15_00 * count) for owner, count in deals.items())


async def _goes_on(stage: Stage, service: Service) -> None:
    """The same worker takes further facts in."""
    await send(stage, [raw(290, closed(290, 100_00, shares={3: "1"})), raw(291, refunded(290, 100_00, owner=3))])
    sums = f"select sum(amount_minor) from entries where partner_id = '{partner(3)}' having count(*) = 2"
    await eventually(lambda: rows(service, sums), what="a further event")
    assert await rows(service, sums) == [(0,)]
    assert await service.worker.consuming()


async def test_a_record_too_large_for_the_broker_when_sent_then_its_producer_is_told_and_others_go_on(stage: Stage) -> None:
    service = await stage.launch("commission", api=False)
    with pytest.raises(MessageSizeTooLargeError):
        await send(stage, [body('"territory":"any"', f'"territory":"{"x" * 2_000_000}"')(raw(1, closed(1, 100_00)))])
    await _goes_on(stage, service)
