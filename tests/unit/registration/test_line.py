"""The line as two accounts become one: nobody stands in it twice for the same."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from services.registration.domain.deals.line import Place, Waiting, twice
from services.registration.domain.deals.protection import Scope
from services.registration.domain.values import AccountId, PartnerId

NOW = datetime(2026, 3, 4, tzinfo=UTC)
ME, RIVAL = PartnerId(uuid4()), PartnerId(uuid4())


def place(
    *, days: int, who: PartnerId = ME, state: Place = Place.WAITING, families: tuple[str, ...] = ("GTX",), path: str = "/DE"
) -> Waiting:
    return Waiting(
        id=uuid4(),
        partner_id=who,
        account_name="Acme",
        country="DE",
        scope=Scope(AccountId(uuid4()), families, path),
        territory="DE",
        evidence=None,
        expected=None,
        place=state,
        joined_at=NOW + timedelta(days=days),
    )


def of(*pairs: tuple[Waiting, Waiting]) -> dict[UUID, UUID]:
    return {one.id: stays.id for one, stays in pairs}


def test_twice_when_one_partner_waits_for_the_same_on_both_then_the_later_place_ends() -> None:
    first, second, third = (place(days=days) for days in range(3))
    assert twice([third, first, second]) == of((second, first), (third, first))


def test_twice_when_the_later_place_is_offered_then_it_stays() -> None:
    first, offered = place(days=0), place(days=1, state=Place.OFFERED)
    assert twice([first, offered]) == of((first, offered))


def test_twice_when_others_or_other_products_or_territories_then_all_stay() -> None:
    assert twice([place(days=0), place(days=1, who=RIVAL), place(days=2, families=("MG",)), place(days=3, path="/FR")]) == {}
