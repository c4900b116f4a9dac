"""The format of receipts: written as another program writes it, and every kind of fault by its code."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.registration.domain.accounts.identifiers import Customer
from services.registration.domain.receipts.document import Unreadable, check_head, check_receipt, read
from services.registration.domain.receipts.download import check_download, passes_through
from services.registration.domain.receipts.keys import KeyMalformed, PublicKeys, SigningKeys, bytes_of, check_keys, text_of
from services.registration.domain.receipts.links import Place, check_links
from services.registration.domain.receipts.receipt import (
    GENESIS,
    Head,
    Submission,
    canonical,
    chain,
    instant,
    seal,
    signed_head,
    signed_text,
)
from services.registration.domain.values import PartnerId
from shared.chassis.money import Money
from tests.support.receipts import KEY, OTHER_KEY, START, Chain, submission

CASES = Path(__file__).parents[2] / "cases" / "registration"
RECEIPT, HEAD, PUBLISHED = (json.loads((CASES / f"{name}.json").read_text()) for name in ("receipt", "head", "keys"))
KEYS = PublicKeys.of_jwks(PUBLISHED)


def codes(document: dict[str, Any], keys: PublicKeys = KEYS) -> set[str]:
    return {fault.code for fault in check_receipt(document, keys)}


def test_receipt_when_another_program_wrote_it_then_right() -> None:
    assert check_receipt(RECEIPT, KEYS) == []
    assert check_head(HEAD, KEYS) == []


def test_receipt_when_made_of_the_same_submission_then_the_same_to_the_bit() -> None:
    signing = SigningKeys([(CASES / "signing.key").read_text().strip()])
    one = Submission(
        subject_id=UUID(RECEIPT["content"]["subject_id"]),
        partner_id=PartnerId(UUID(RECEIPT["content"]["partner_id"])),
        customer=Customer(
            name='Société "Acme" GmbH & Co. KG', domain="shop.acme.co.uk", country="DE", tax_id="DE 123", crm_ids=("sf:0061", "a\tb")
        ),
        families=("GTX", "MG"),
        expected=Money(105400, "USD"),
    )
    sealed = seal(one.content(), received_at=instant(START), salt=RECEIPT["salt"])
    (link,) = chain(Head(0, GENESIS, START), [sealed])
    assert one.content() == RECEIPT["content"]
    assert (link.content_hash.hex(), link.hash.hex()) == (RECEIPT["content_hash"], RECEIPT["hash"])
    assert (signing.key_id, text_of(signing.sign(signed_text(link.hash)))) == (RECEIPT["key_id"], RECEIPT["signature"])
    assert text_of(signing.sign(signed_head(1, link.hash, signed_at=HEAD["signed_at"]))) == HEAD["signature"]
    assert signing.public.jwks() == PUBLISHED


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": None}, '{"a":null,"b":1}'),
        (["", "é", "\u2028", "😀"], '["","é","\u2028","😀"]'),
        ('"\\/\b\f\n\r\t', '"\\"\\\\/\\b\\f\\n\\r\\t"'),
        ("\x01\x1b\x7f", '"\\u0001\\u001b\x7f"'),
        (2**53 + 1, "9007199254740993"),
    ],
)
def test_canonical_when_written_then_as_the_format_says(value: object, text: str) -> None:
    assert canonical(value) == text.encode()


CHANGES: list[tuple[str, Any, set[str]]] = [
    ("content", RECEIPT["content"] | {"account_name": "Acme"}, {"content_changed"}),
    ("content", RECEIPT["content"] | {"more": None}, {"content_changed"}),
    ("received_at", "2026-03-02T08:59:59.999999Z", {"content_changed"}),
    ("salt", "00" * 32, {"content_changed"}),
    ("salt", "00" * 31, {"salt_malformed"}),
    ("salt", RECEIPT["salt"].upper(), {"salt_malformed"}),
    ("content_hash", "11" * 32, {"content_changed", "link_changed"}),
    ("sequence", 2, {"link_changed"}),
    ("previous_hash", "11" * 32, {"link_changed"}),
    ("hash", "11" * 32, {"link_changed", "signature_wrong"}),
    ("signature", text_of(bytes(64)), {"signature_wrong"}),
    ("signature", RECEIPT["signature"][:-4], {"signature_wrong"}),
    ("signature", "?", {"signature_wrong"}),
    ("signature", None, {"signature_wrong"}),
    ("key_id", "another", {"key_unknown"}),
    ("key_id", ["another"], {"key_unknown"}),
    ("format", "hansa.receipt/2", {"format_unknown"}),
    ("more", 1, {"format_unknown"}),
    ("sequence", True, {"format_unknown"}),
    ("sequence", 1.0, {"format_unknown"}),
    ("received_at", "2026-03-02T09:00:00Z", {"format_unknown"}),
    ("content", [], {"format_unknown"}),
    ("hash", "xx", {"format_unknown"}),
    ("content", {"number": 2**70}, {"content_changed"}),
    ("content", {"half": "\ud800"}, {"content_changed"}),
]


@pytest.mark.parametrize(("name", "value", "found"), CHANGES)
def test_receipt_when_a_field_is_changed_then_named_by_its_code(name: str, value: Any, found: set[str]) -> None:
    assert codes(RECEIPT | {name: value}) == found


@pytest.mark.parametrize("name", sorted(RECEIPT))
def test_receipt_when_a_field_is_missing_then_it_is_none(name: str) -> None:
    assert codes({key: value for key, value in RECEIPT.items() if key != name}) == {"format_unknown"}


def test_receipt_when_the_key_is_not_published_then_said() -> None:
    assert codes(RECEIPT, SigningKeys([OTHER_KEY]).public) == {"key_unknown"}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"sequence": 2}, "signature_wrong"),
        ({"hash": "11" * 32}, "signature_wrong"),
        ({"signed_at": "2026-03-02T09:00:02.000000Z"}, "signature_wrong"),
        ({"key_id": "x"}, "key_unknown"),
        ({"format": "hansa.receipt/1"}, "format_unknown"),
        ({"sequence": False}, "format_unknown"),
    ],
)
def test_head_when_changed_then_found(change: dict[str, Any], found: str) -> None:
    assert [fault.code for fault in check_head(HEAD | change, KEYS)] == [found]


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b'{"a": 1, "a": 2}', b"\xff", b"[" * 100_000])
def test_file_when_it_is_no_object_or_says_a_thing_twice_then_unreadable(text: bytes) -> None:
    with pytest.raises(Unreadable):
        read(text)


def test_keys_when_one_is_put_in_front_then_it_signs_and_the_former_still_verify() -> None:
    former = SigningKeys([KEY])
    signature = former.sign(b"x")
    retired = "public:" + former.public.jwks()["keys"][0]["x"]
    for later in (SigningKeys([OTHER_KEY, KEY]), SigningKeys([OTHER_KEY, retired])):
        assert later.key_id != former.key_id
        assert later.public.verify(former.key_id, signature, b"x")
        assert not later.public.verify(later.key_id, signature, b"x")


@pytest.mark.parametrize("keys", [[], ["short"], ["public:" + KEY], [KEY, "!" * 43], [KEY + "A" * 8]])
def test_keys_when_malformed_then_refused_without_being_told(keys: list[str]) -> None:
    with pytest.raises(KeyMalformed) as raised:
        check_keys(keys)
    assert not any(key in str(raised.value) for key in keys)


@pytest.mark.parametrize("document", [None, [], {"keys": 1}, {"keys": [{"crv": "Ed25519", "x": "no"}]}])
def test_published_keys_when_malformed_then_refused(document: object) -> None:
    with pytest.raises(KeyMalformed):
        PublicKeys.of_jwks(document)


def test_text_when_decoded_then_only_what_was_encoded() -> None:
    assert bytes_of(text_of(b"\xff\xfe")) == b"\xff\xfe"
    with pytest.raises(KeyMalformed):
        bytes_of("_/4")


def test_links_when_they_begin_anywhere_then_each_follows_from_the_one_before() -> None:
    links = Chain.of(*map(submission, range(5))).links
    assert list(check_links(links, start=Place())) == []
    assert list(check_links(links[2:])) == []
    assert [fault.code for fault in check_links(links[2:], start=Place())] == ["link_missing"]
    assert [(fault.code, fault.sequence) for fault in check_links([*links[:2], *links[3:]], start=Place())] == [("link_missing", 4)]


def test_download_when_in_pages_then_followed_through_all_of_them() -> None:
    made = Chain.of(*map(submission, range(6)))
    first, rest = made.page(), made.page(4)
    first["links"] = first["links"][:3]
    links, faults = check_download([first, rest])
    assert (len(links), faults) == (6, [])
    assert passes_through(links, made.head()) == passes_through(links[2:], made.receipts[1]) == []
    assert [fault.code for fault in passes_through(links[3:], made.receipts[1])] == ["not_in_the_chain"]
    other = Chain.of(*map(submission, range(1, 7)))
    assert [fault.code for fault in passes_through(links, other.head())] == ["not_in_the_chain"]


@pytest.mark.parametrize(
    "page", [{}, {"format": "hansa.receipt-links/1", "links": []}, {"format": "hansa.receipt-links/1", "links": [{"sequence": 1}]}]
)
def test_download_when_it_is_none_then_said(page: dict[str, Any]) -> None:
    assert [fault.code for fault in check_download([page])[1]] == ["format_unknown"]
