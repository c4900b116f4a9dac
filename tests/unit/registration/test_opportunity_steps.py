"""The steps that lead a deal to where its opportunity is begin where the deal stands: no opportunity closes what is closed."""

import pytest

from services.registration.domain.intake.opportunity import Stage, follow
from services.registration.domain.values import State
from shared.chassis.errors import Refused
from shared.chassis.values import replace
from tests.unit.registration.deals import a_deal, some_terms, won
from tests.unit.registration.opportunities import NOW, seen


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("state", State)
def test_step_when_an_opportunity_leads_to_it_then_the_deal_is_where_it_begins(state: State, stage: Stage) -> None:
    deal = replace(won() if state in (State.WON, State.LOST) else a_deal(), state=state)
    codes = set()
    try:
        follow(deal, seen(stage, terms=some_terms(5)), now=NOW, credit=lambda *_: None, free=lambda _: True)
    except Refused as refused:
        codes.add(refused.code)
    assert codes <= {"deal_not_open"}
