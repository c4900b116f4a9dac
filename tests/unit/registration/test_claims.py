"""What the vendor keeps for itself or for one partner: when it stands in a partner's way."""

from datetime import datetime
from uuid import UUID

import pytest

from services.registration.domain.deals.claims import Claim, ClaimKind, against
from shared.chassis.values import replace
from tests.unit.registration.deals import ACCOUNT, DAY, ME, RIVAL, T0, TICK, a_deal

NAMED = Claim(id=UUID(int=1), kind=ClaimKind.NAMED_ACCOUNT, account_id=ACCOUNT, families=(), path="/EMEA", valid_from=T0)
OPPORTUNITY = replace(NAMED, kind=ClaimKind.OPPORTUNITY, families=("GTX", "MG"), active_at=T0)


def stands(claim: Claim, *, now: datetime = T0) -> bool:
    return bool(against([claim], a_deal().scope, ME, now=now, active_within=90 * DAY))


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (NAMED, True),
        (replace(NAMED, path="/EMEA/DE/BERLIN"), True),
        (replace(NAMED, path="/AMER"), False),
        (replace(NAMED, families=("MG",)), False),
        (replace(NAMED, valid_from=T0 + TICK), False),
        (replace(NAMED, valid_until=T0), False),
        (replace(NAMED, valid_until=T0 + TICK), True),
        (replace(NAMED, kind=ClaimKind.ASSIGNMENT, assigned_to=RIVAL), True),
        (replace(NAMED, kind=ClaimKind.ASSIGNMENT, assigned_to=ME), False),
        (OPPORTUNITY, True),
    ],
    ids=[
        "named account",
        "within the deal's territory",
        "elsewhere",
        "another family",
        "not yet",
        "over",
        "not over",
        "another's",
        "one's own",
        "opportunity",
    ],
)
def test_claim_when_it_meets_the_deal_and_is_in_force_then_it_stands_in_the_way(claim: Claim, expected: bool) -> None:
    assert stands(claim) is expected


def test_opportunity_when_it_has_not_moved_for_long_then_it_does_not_count_any_more() -> None:
    assert stands(OPPORTUNITY, now=T0 + 90 * DAY - TICK)
    assert not stands(OPPORTUNITY, now=T0 + 90 * DAY)
