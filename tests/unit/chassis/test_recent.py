"""The shortcut past the inbox: what it may leave out, and what it must let through."""

from datetime import UTC, datetime
from uuid import UUID

from shared.chassis.events.envelope import decode
from shared.chassis.events.inbox import Recent
from shared.chassis.events.incoming import Raw
from shared.chassis.testing.records import Told, record, with_header
from shared.chassis.values import replace
from shared.schemas.partners import PartnerSuspended

_NOW = datetime(2026, 2, 1, tzinfo=UTC)


def _raw(number: int, reason: str = "a") -> Raw:
    return record(Told(PartnerSuspended(occurred_at=_NOW, recorded_at=_NOW, partner_id=UUID(int=1), reason=reason)), number=number)


def test_a_repeat_when_its_event_was_committed_lately_then_it_is_left_out() -> None:
    recent = Recent()
    recent.add([decode(_raw(1))])
    assert recent.without_repeats([_raw(1), _raw(2), replace(_raw(1), offset=99)]) == [_raw(2)]


def test_a_repeat_when_it_has_another_body_then_the_inbox_decides() -> None:
    recent = Recent()
    recent.add([decode(_raw(1))])
    other = replace(_raw(2, "b"), headers=_raw(1).headers)
    assert recent.without_repeats([other]) == [other]


def test_a_repeat_when_it_stands_in_the_same_batch_then_the_first_is_kept() -> None:
    later = replace(_raw(1), offset=7)
    assert Recent().without_repeats([_raw(1), later, _raw(2), later]) == [_raw(1), _raw(2)]


def test_a_repeat_when_only_the_first_cannot_be_read_then_both_go_on() -> None:
    broken = with_header(_raw(1), "ce_type", None)
    assert Recent().without_repeats([broken, _raw(1)]) == [broken, _raw(1)]


def test_a_record_without_an_id_when_repeated_then_both_go_on() -> None:
    nameless = with_header(_raw(1), "ce_id", None)
    assert Recent().without_repeats([nameless, nameless]) == [nameless, nameless]


def test_memory_when_full_then_the_oldest_half_is_forgotten() -> None:
    recent = Recent(most=4)
    for number in range(7):
        recent.add([decode(_raw(number))])
    assert recent.without_repeats([_raw(number) for number in range(7)]) == [_raw(number) for number in range(3)]
