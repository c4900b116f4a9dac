"""Whatever is submitted: the chain verifies, each receipt verifies by itself, and any change of either is found."""

import json
from copy import deepcopy
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from services.registration.domain.accounts.identifiers import Customer
from services.registration.domain.receipts.document import check_receipt, read
from services.registration.domain.receipts.download import check_download
from services.registration.domain.receipts.receipt import Submission, canonical
from services.registration.domain.values import PartnerId
from shared.chassis.money import Money
from tests.support.receipts import START, Chain, submission

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
MAYBE = st.none() | TEXT
SUBMISSIONS = st.builds(
    Submission,
    subject_id=st.uuids(),
    partner_id=st.uuids().map(PartnerId),
    customer=st.builds(Customer, name=TEXT, domain=MAYBE, country=MAYBE, tax_id=MAYBE, crm_ids=st.lists(TEXT, max_size=3).map(tuple)),
    families=st.lists(TEXT, min_size=1, max_size=3).map(tuple),
    territory=MAYBE,
    expected=st.none() | st.integers(0, 2**62).map(lambda minor: Money(minor, "USD")),
    registered_at=st.none() | st.just(START),
    source=MAYBE,
    external_id=MAYBE,
)


@given(
    st.recursive(st.none() | TEXT | st.integers(0, 2**63 - 1), lambda inner: st.lists(inner) | st.dictionaries(st.text("abcxyz_"), inner))
)
def test_canonical_when_of_any_value_then_what_the_standard_library_writes(value: Any) -> None:
    assert canonical(value) == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@given(st.lists(SUBMISSIONS, min_size=1, max_size=8))
def test_chain_when_of_any_submissions_then_it_and_each_receipt_verify(submissions: list[Submission]) -> None:
    made = Chain.of(*submissions)
    assert check_download([made.page()])[1] == []
    for receipt in made.receipts:
        assert check_receipt(read(json.dumps(receipt).encode()), made.keys.public) == []


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to every leaf."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, each in inner for place in _places(each, (*path, key))] or [path]


@given(SUBMISSIONS, st.data())
def test_receipt_when_anything_in_it_is_changed_then_found(one: Submission, data: st.DataObject) -> None:
    made = Chain.of(submission(1), one)
    receipt = deepcopy(made.receipts[1])
    *path, last = data.draw(st.sampled_from(_places(receipt)))
    inside: Any = receipt
    for step in path:
        inside = inside[step]
    other = data.draw(st.none() | TEXT | st.integers(-5, 5))
    assume(other != inside[last])
    inside[last] = other
    assert check_receipt(receipt, made.keys.public)


@given(st.integers(2, 8), st.data())
def test_links_when_any_of_them_is_changed_then_found(length: int, data: st.DataObject) -> None:
    """Changed, left out within, put in, or two of them exchanged."""
    made = Chain.of(*map(submission, range(length)))
    page, other = made.page(), Chain.of(*map(submission, range(1, length + 1))).page()
    place = data.draw(st.integers(0, length - 1))
    match data.draw(st.sampled_from(["field", "foreign", "out", "twice"])):
        case "field":
            name = data.draw(st.sampled_from(["content_hash", "previous_hash", "hash"]))
            page["links"][place][name] = "5a" * 32
        case "foreign":
            page["links"][place] = other["links"][place]
        case "out":
            assume(0 < place < length - 1)  # an end that is missing is found by a head or receipt that was kept
            del page["links"][place]
        case "twice":
            page["links"].insert(place, page["links"][place])
    assert check_download([page])[1]
