"""What a signed agreement makes of the terms of a close: its split where none is given, a refusal where another one is."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from services.registration.domain.coselling.refusals import SplitAgreed
from services.registration.domain.deals.deal import Deal
from services.registration.domain.values import Credit, Terms
from shared.chassis.values import replace

AGREEMENT, VERSION, OVERRIDE = "cosell_agreement", "cosell_version", "cosell_override"
"""Attributes of the terms that trace the split to what was signed, or tell why staff set it aside."""


@dataclass(frozen=True, slots=True)
class AgreedSplit:
    """The credits and overlays of one signed version."""

    agreement_id: UUID
    number: int
    credits: tuple[Credit, ...]
    overlays: tuple[Credit, ...]


def chosen(deal: Deal, signed: Mapping[int, AgreedSplit], *, in_force: int | None) -> AgreedSplit | None:
    """The split that counts: for an open deal the one in force, for a closed one that under which it closed."""
    if deal.terms is None:
        return signed.get(in_force) if in_force else None
    number = deal.terms.attributes.get(VERSION, "")
    return signed.get(int(number)) if number.isascii() and number.isdigit() else None


def apply(terms: Terms, split: AgreedSplit | None, *, given: bool, override: str | None = None) -> Terms:
    """The terms under `split`; `given`: they name credits or overlays of their own, which must be those agreed, or `override` says why not.

    The attributes of the trace are nobody else's to set. Raises SplitAgreed.
    """
    attributes = {name: value for name, value in terms.attributes.items() if name not in (AGREEMENT, VERSION, OVERRIDE)}
    if split is None:
        return terms if attributes == dict(terms.attributes) else replace(terms, attributes=attributes)
    trace = {AGREEMENT: str(split.agreement_id), VERSION: str(split.number)}
    if not given:
        return replace(terms, credits=split.credits, overlays=split.overlays, attributes={**attributes, **trace})
    if set(terms.credits) == set(split.credits) and set(terms.overlays) == set(split.overlays):
        return replace(terms, attributes={**attributes, **trace})
    if override is None:
        raise SplitAgreed
    return replace(terms, attributes={**attributes, **trace, OVERRIDE: override})
