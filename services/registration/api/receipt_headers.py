"""Where an answer names its receipt: in headers, so that a rival's refusal stays the same text for everyone."""

from typing import Any

from fastapi import Response

from services.registration.domain.receipts.receipt import Link

SEQUENCE, HASH = "Receipt-Sequence", "Receipt-Hash"
_HEADERS = {
    SEQUENCE: {"description": "the place of the submission's receipt (`GET receipts/{sequence}`)", "schema": {"type": "integer"}},
    HASH: {"description": "the receipt's hash, in hexadecimal", "schema": {"type": "string"}},
}
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    201: {"description": "Registered and protected", "headers": _HEADERS},
    409: {
        "description": "`account_taken` and `account_ambiguous` are on record, with a receipt; other refusals are not",
        "headers": _HEADERS,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    },
}


def name_receipt(response: Response, link: Link) -> Response:
    """Name the receipt in the answer's headers."""
    response.headers[SEQUENCE] = str(link.sequence)
    response.headers[HASH] = link.hash.hex()
    return response
