"""The name under which the inbox knows an event: its source and its id, never mistaken for those of another."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from shared.chassis.events import Raw
from shared.chassis.events.envelope import decode, headers_of, inbox_id_of
from shared.chassis.values import replace
from shared.schemas.partners import PartnerSuspended

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EVENT = PartnerSuspended(partner_id=UUID(int=1), reason="audit", occurred_at=NOW, recorded_at=NOW)


def record(source: str, event_id: str) -> Raw:
    headers = headers_of(EVENT, event_id=str(UUID(int=2)), service="partners", sequence=1, cause=None, now=NOW)
    given = headers | {"ce_source": source, "ce_id": event_id}
    packed = tuple((name, value.encode()) for name, value in given.items())
    return Raw(EVENT.topic, 0, 0, b"1", EVENT.model_dump_json().encode(), packed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("/a#b", "c"), ("/a", "b#c")),
        (("/a#b", "c"), ("/a%23b", "c")),
        (("/a%23", "c"), ("/a%2523", "c")),
    ],
)
def test_inbox_id_when_source_and_id_differ_then_it_differs(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert decode(record(*one)).inbox_id != decode(record(*other)).inbox_id


@pytest.mark.parametrize("source", ["/hansa/partners", "https://crm.example/a?b=50%#part"])
def test_inbox_id_when_read_from_headers_alone_then_it_is_the_same(source: str) -> None:
    raw = record(source, "17")
    assert inbox_id_of(raw) == inbox_id_of(replace(raw, value=b"nonsense")) == decode(raw).inbox_id


def test_inbox_id_when_the_source_is_plain_then_it_reads_plainly() -> None:
    assert decode(record("/hansa/partners", "17")).inbox_id == "/hansa/partners#17"
