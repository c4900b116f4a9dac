"""In which order a set of opportunities is decided: in the order of registration, the states of one as its source counts them."""

from collections import defaultdict
from collections.abc import Sequence

from services.registration.domain.intake.opportunity import Opportunity


def turns(seen: Sequence[Opportunity]) -> list[int]:
    """The places of `seen` in the order of their turns.

    Opportunities come by their first engagement, so that the first to register wins within the set too. The states of one keep the
    order of arrival, or go by version where each has one: what came inverted in one set then loses no step.
    """
    places: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for place, one in enumerate(seen):
        places[one.source, one.external_id].append(place)
    ordered = sorted(places.values(), key=lambda own: min(seen[place].engaged_at for place in own))
    return [place for own in ordered for place in (_by_version(seen, own) if len(own) > 1 else own)]


def _by_version(seen: Sequence[Opportunity], own: list[int]) -> list[int]:
    versions = {place: seen[place].version for place in own}
    if any(version is None for version in versions.values()):
        return own
    return sorted(own, key=lambda place: versions[place] or 0)
