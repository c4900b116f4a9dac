"""Links as somebody downloaded them: read strictly, followed, and held against heads and receipts that were kept."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from services.registration.domain.receipts.document import Fault, Json
from services.registration.domain.receipts.links import Place, check_links
from services.registration.domain.receipts.receipt import LINKS_FORMAT, Link

_FIELDS = {"sequence", "content_hash", "previous_hash", "hash"}
_HASH = re.compile(r"[0-9a-f]{64}")


def check_download(pages: Sequence[Json]) -> tuple[list[Link], list[Fault]]:
    """The links of the pages in order, and all that is wrong with them."""
    links: list[Link] = []
    for page in pages:
        if page.get("format") != LINKS_FORMAT or not isinstance(page.get("links"), list):
            return links, [Fault("format_unknown", f"They are no links of the format {LINKS_FORMAT}.")]
        found = [_link(each) for each in page["links"]]
        links += [link for link in found if link is not None]
        if None in found:
            return links, [Fault("format_unknown", "A link is not written as the format says.", links[-1].sequence + 1 if links else 0)]
    if not links:
        return links, [Fault("format_unknown", "There is no link in it.")]
    return links, list(check_links(links, start=Place() if links[0].sequence == 1 else None))


def _link(told: Any) -> Link | None:
    if not isinstance(told, dict) or told.keys() != _FIELDS or type(told["sequence"]) is not int or not 0 < told["sequence"] < 2**63:
        return None
    hashes = [told[name] for name in ("content_hash", "previous_hash", "hash")]
    if not all(isinstance(each, str) and _HASH.fullmatch(each) for each in hashes):
        return None
    return Link(told["sequence"], *(bytes.fromhex(each) for each in hashes))


def passes_through(links: Sequence[Link], kept: Json) -> list[Fault]:
    """Whether the chain holds the receipt, or had the head, that was kept."""
    return list(_missing(links, kept))


def _missing(links: Sequence[Link], kept: Json) -> Iterator[Fault]:
    sequence = kept["sequence"]
    before = {link.sequence - 1: link.previous_hash for link in links[:1]}
    there = before | {link.sequence: link.hash for link in links}
    if sequence not in there:
        yield Fault("not_in_the_chain", "These links do not reach so far.", sequence)
    elif there[sequence].hex() != kept["hash"]:
        yield Fault("not_in_the_chain", "At its place the chain has another hash: the chain was changed.", sequence)
