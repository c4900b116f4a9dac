"""Who leaves with a part of an account: by the name that each calls its customer, else with what keeps it out."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from services.registration.domain.accounts.identifiers import Identifier, IdentifierKind
from services.registration.domain.accounts.parting import Parting, who_leaves
from services.registration.domain.deals.line import Place, Waiting
from services.registration.domain.deals.protection import Board, Scope, Slot, Window, slots_for
from services.registration.domain.values import AccountId, DealId, PartnerId

NOW = datetime(2026, 3, 4, tzinfo=UTC)
SOURCE = AccountId(uuid4())
STAYING, LEAVING = DealId(uuid4()), DealId(uuid4())
PARTING = Parting({Identifier(IdentifierKind.NAME, "acme tools|DE")}, {LEAVING}, {Identifier(IdentifierKind.NAME, "acme holding|DE")})


def place(*families: str, name: str = "Somebody Else", path: str = "/DE", state: Place = Place.WAITING) -> Waiting:
    return Waiting(
        id=uuid4(),
        partner_id=PartnerId(uuid4()),
        account_name=name,
        country="DE",
        scope=Scope(SOURCE, families or ("GTX",), path),
        territory="DE",
        evidence=None,
        expected=None,
        place=state,
        joined_at=NOW,
    )


def held(who: DealId, *families: str, path: str = "/DE", until: timedelta = timedelta(days=1)) -> tuple[Slot, ...]:
    return slots_for(who, Scope(SOURCE, families or ("GTX",), path), Window(NOW - timedelta(days=2), NOW + until))


def leave(*line: Waiting, slots: tuple[Slot, ...] = ()) -> list[Waiting]:
    return list(who_leaves(line, Board(slots), PARTING, now=NOW))


@pytest.mark.parametrize("name", ["Acme Tools", "ACME  tools!", "Acme\tTools"])
def test_leaves_when_its_name_goes_then_it_goes_whatever_keeps_it_out(name: str) -> None:
    one = place(name=name)
    assert leave(one, slots=held(STAYING)) == [one]


def test_leaves_when_its_name_stays_then_it_stays_whatever_keeps_it_out() -> None:
    assert leave(place(name="Acme Holding"), slots=held(LEAVING)) == []


@pytest.mark.parametrize("name", ["Somebody Else", "..."])
def test_leaves_when_its_name_leads_nowhere_then_with_all_that_keeps_it_out(name: str) -> None:
    alone, both, neither = place(name=name), place("GTX", "MG", name=name), place("GTK", name=name)
    slots = (*held(LEAVING), *held(STAYING, "MG"))
    assert leave(alone, both, neither, slots=slots) == [alone]


def test_leaves_when_what_kept_it_out_is_over_at_this_instant_then_it_stays() -> None:
    assert leave(place(), slots=held(LEAVING, until=timedelta(0))) == []
    assert len(leave(place(), slots=held(LEAVING, until=timedelta(microseconds=1)))) == 1


def test_leaves_when_territories_do_not_meet_then_it_stays() -> None:
    assert leave(place(path="/FR"), slots=held(LEAVING)) == []


def test_leaves_when_behind_another_that_is_offered_and_goes_then_after_it() -> None:
    behind, offered = place(), place(name="Acme Tools", state=Place.OFFERED)
    assert leave(behind, offered, slots=held(DealId(offered.id))) == [offered, behind]


def test_leaves_when_only_its_own_offer_holds_the_account_then_it_stays() -> None:
    one = place(state=Place.OFFERED)
    assert leave(one, slots=held(DealId(one.id))) == []
