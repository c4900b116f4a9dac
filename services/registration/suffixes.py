"""Registrable domains by the public suffix list, from the snapshot that comes with the library: no network."""

from functools import cache, lru_cache

import tldextract


@cache
def _extractor() -> tldextract.TLDExtract:
    # Private suffixes count too: two customers at blogspot.com are not one account.
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


@lru_cache(maxsize=16_384)  # customers come again, in an import within the same batch
def registrable_domain(host: str) -> str | None:
    """`shop.acme.co.uk` → `acme.co.uk`; None for what has no registrable domain (a suffix, an address, a bare word)."""
    return _extractor()(host).top_domain_under_public_suffix or None
