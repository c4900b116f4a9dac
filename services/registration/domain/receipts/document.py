"""A receipt as the file that its holder keeps, and everything that can be wrong with one."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from services.registration.domain.receipts.keys import KeyMalformed, PublicKeys, bytes_of, text_of
from services.registration.domain.receipts.receipt import FORMAT, HEAD_FORMAT, SALT_BYTES, link_hash, seal, signed_head, signed_text

FIELDS = frozenset({"format", "content", "salt", "received_at", "sequence", "content_hash", "previous_hash", "hash", "key_id", "signature"})
HEAD_FIELDS = frozenset({"format", "sequence", "hash", "signed_at", "key_id", "signature"})
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a receipt or a link: a stable code and a sentence. `sequence` 0: not known, or of the whole."""

    code: str
    sentence: str
    sequence: int = 0


class Unreadable(ValueError):
    """The file is nothing that could be verified; the text says why."""


def read(text: bytes) -> Json:
    """The JSON object in a file. Raises Unreadable: no JSON, or a key twice (which reader would win?)."""
    try:
        document = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"The file cannot be read as JSON: {error}.") from error
    if not isinstance(document, dict):
        raise Unreadable("The file holds no JSON object.")
    return document


def _once(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("a name stands twice")
    return found


def check_receipt(document: Json, keys: PublicKeys) -> list[Fault]:
    """Everything that is wrong with a receipt, looked at on its own; nothing if it is right."""
    if malformed := list(_shape(document)):
        return malformed
    return [*_content(document), *_link(document), *_signature(document, keys)]


def _shape(document: Json) -> Iterator[Fault]:
    if document.get("format") != FORMAT:
        yield Fault("format_unknown", f"It is no receipt of the format {FORMAT}.")
        return
    if document.keys() != FIELDS:
        yield Fault("format_unknown", f"Its fields are not those of {FORMAT}: {', '.join(sorted(document.keys() ^ FIELDS))}.")
        return
    if not _is_whole(document["sequence"]) or not isinstance(document["content"], dict) or not _is_instant(document["received_at"]):
        yield Fault("format_unknown", "Its sequence, content or time is not written as the format says.")
    if not _is_hex(document["salt"], SALT_BYTES):
        yield Fault("salt_malformed", f"Its salt is not {SALT_BYTES} bytes in hexadecimal.")
    if not all(_is_hex(document[name], 32) for name in ("content_hash", "previous_hash", "hash")):
        yield Fault("format_unknown", "A hash is not 32 bytes in hexadecimal.")


def _is_whole(value: object) -> bool:
    return type(value) is int and 0 < value < 2**63


def _is_instant(value: object) -> bool:
    return isinstance(value, str) and _INSTANT.fullmatch(value) is not None


def _is_hex(value: object, length: int) -> bool:
    return isinstance(value, str) and re.fullmatch(rf"[0-9a-f]{{{2 * length}}}", value) is not None


def _content(document: Json) -> Iterator[Fault]:
    try:
        sealed = seal(document["content"], received_at=document["received_at"], salt=document["salt"])
    except TypeError:  # a number beyond 64 bits, half of a surrogate pair: the service never wrote that
        sealed = b""
    if sealed.hex() != document["content_hash"]:
        yield Fault("content_changed", "Its content, its time or its salt is not what was received.", document["sequence"])


def _link(document: Json) -> Iterator[Fault]:
    content_hash, previous = bytes.fromhex(document["content_hash"]), bytes.fromhex(document["previous_hash"])
    if link_hash(document["sequence"], content_hash, previous).hex() != document["hash"]:
        yield Fault("link_changed", "Its place in the chain is not the one that it was given.", document["sequence"])


def _signature(document: Json, keys: PublicKeys) -> Iterator[Fault]:
    return signature_faults(document, keys, signed_text(bytes.fromhex(document["hash"])))


def signature_faults(document: Json, keys: PublicKeys, message: bytes) -> Iterator[Fault]:
    """What is wrong with the signature of a receipt or a head over `message`."""
    if document["key_id"] not in keys:
        yield Fault("key_unknown", "It is signed with a key that is not among the published ones.", document["sequence"])
        return
    try:
        signature = bytes_of(str(document["signature"]))
    except KeyMalformed:
        signature = b""
    if text_of(signature) != document["signature"]:
        signature = b""  # one signature is written in one way
    if not keys.verify(document["key_id"], signature, message):
        yield Fault("signature_wrong", "Its signature is not the vendor's.", document["sequence"])


def check_head(document: Json, keys: PublicKeys) -> list[Fault]:
    """Everything that is wrong with a signed head."""
    if document.get("format") != HEAD_FORMAT or document.keys() != HEAD_FIELDS:
        return [Fault("format_unknown", f"It is no head of the format {HEAD_FORMAT}.")]
    whole = document["sequence"] == 0 or _is_whole(document["sequence"])
    if not (whole and type(document["sequence"]) is int and _is_hex(document["hash"], 32) and _is_instant(document["signed_at"])):
        return [Fault("format_unknown", "Its sequence, hash or time is not written as the format says.")]
    message = signed_head(document["sequence"], bytes.fromhex(document["hash"]), signed_at=document["signed_at"])
    return list(signature_faults(document, keys, message))
