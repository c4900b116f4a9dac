"""Any plan of the programme, over every option that there is, as hypothesis draws it."""

from collections import ChainMap
from typing import Any

from hypothesis import strategies as st

from services.commission.plan_document import PlanDocument
from tests.support.commission_world import who

PARTNERS = 3
TYPES = ("reseller", "alliance")
Json = dict[str, Any]

# Strategies are built once: building them anew for each draw takes longer than the draw.
_partners = st.integers(1, PARTNERS)
_names = _partners.map(lambda number: str(who(number)))
_rates = st.sampled_from(["0", "0.0333", "0.1", "0.155", "0.2", "1"])
_cents = st.integers(0, 300_000_00).map(lambda minor: f"{minor // 100}.{minor % 100:02d}")
_edges = st.sets(st.sampled_from([1_000, 50_000, 100_000, 400_000]), max_size=2)
_flats = st.sampled_from(["0", "0", "25.50"])


@st.composite
def _brackets(draw: st.DrawFn) -> list[Json]:
    edges = [str(edge) for edge in sorted(draw(_edges))]
    return [
        {"from": low, "to": high, "rate": draw(_rates), "flat": draw(_flats)}
        for low, high in zip(["0", *edges], [*edges, None], strict=True)
    ]


def _numbered(name: str, several: list[tuple[Json, ...]]) -> list[Json]:
    """Parts of a plan, each of several pieces, by number."""
    return [{"name": f"{name} {number}", **dict(ChainMap(*pieces))} for number, pieces in enumerate(several)]


_gives = st.one_of(_rates.map(lambda rate: {"rate": rate}), st.sampled_from(["0.05", "100"]).map(lambda flat: {"flat": flat}))
_whens = st.fixed_dictionaries(
    {},
    optional={
        "family": st.sampled_from(["core", "services"]),
        "partner": _names,
        "partner_type": st.sampled_from(TYPES),
        "min_amount": st.just("10000"),
    },
).map(lambda when: {"when": when})
_counts = st.booleans().map(lambda counts: {"counts": counts})
_rules = st.lists(st.tuples(_whens, st.one_of(_gives, _brackets().map(lambda found: {"brackets": found})), _counts), max_size=2).map(
    lambda several: _numbered("rule", several)
)
_days = st.just({"from": "2026-01-01", "until": "2026-04-15"})
_limits = st.fixed_dictionaries({}, optional={"cap": _cents, "budget": _cents})
_spiffs = st.lists(st.tuples(_whens, st.one_of(_gives, st.just({"per_unit": "12.34"})), _days, _limits), max_size=2).map(
    lambda several: _numbered("spiff", several)
)
_caps = st.fixed_dictionaries({"period": st.sampled_from(["month", "quarter", "year", "lifetime"]), "amount": _cents})
_bonuses = st.tuples(
    st.fixed_dictionaries(
        {
            "name": st.just("target"),
            "period": st.sampled_from(["month", "quarter"]),
            "target": _cents,
            "on": st.sampled_from(["total", "excess"]),
        }
    ),
    _gives,
).map(lambda pieces: pieces[0] | pieces[1])
_rewards = st.fixed_dictionaries(
    {"name": st.just("best"), "top": st.integers(1, 3), "by": st.sampled_from(["revenue", "deals"]), "period": st.just("month")}
).map(lambda reward: {**reward, "amounts": ["50", "20", "5"][: reward["top"]]})
_incentives = st.fixed_dictionaries(
    {
        "caps": st.lists(_caps, max_size=2, unique_by=lambda cap: cap["period"]),
        "spiffs": _spiffs,
        "bonuses": st.lists(_bonuses, max_size=1),
        "rewards": st.lists(_rewards, max_size=1),
    }
)
_days_of_start = st.sampled_from(["2026-01-01", "2026-03-01", "2026-04-01"])
_whom = st.fixed_dictionaries({"partners": st.lists(_names, min_size=1, max_size=2, unique=True)}, optional={"types": st.just([TYPES[1]])})
_assigned = st.none() | _whom | st.just({"types": [TYPES[0]]})
_options = st.fixed_dictionaries(
    {
        "brackets": _brackets(),
        "base": st.sampled_from(["cumulative", "cumulative", "deal"]),
        "period": st.sampled_from(["month", "quarter", "year", "lifetime"]),
        "mode": st.sampled_from(["graduated", "graduated", "whole"]),
        "select": st.sampled_from(["most_specific", "highest"]),
        "pays": st.sampled_from(["commission", "commission", "both", "margin"]),
        "clawback_days": st.sampled_from([None, None, 20]),
    }
)
_splits = st.sampled_from(["revenue", "commission"])
_refunds = st.sampled_from(["original", "rerate"])
_earned_on = st.sampled_from(["won", "won", "invoiced", "paid"])


@st.composite
def _versions(draw: st.DrawFn, *, first: bool) -> Json:
    extras, split, refunds = draw(st.booleans()), draw(_splits), draw(_refunds)
    parts = (split, refunds) != ("commission", "rerate")  # rules and cash are refused there
    return {
        "effective_from": "2000-01-01" if first else draw(_days_of_start),
        "split": split,
        "refunds": refunds,
        "earned_on": draw(_earned_on) if parts else "won",
        "assigned_to": None if first else draw(_assigned),
        "rules": draw(_rules) if extras and parts else [],
        **draw(_options),
        **(draw(_incentives) if extras else {}),
    }


_first, _later = _versions(first=True), st.lists(_versions(first=False), max_size=2)
_timezones = st.sampled_from(["UTC", "Asia/Tokyo"])


@st.composite
def plans(draw: st.DrawFn) -> Json:
    """Any plan of one to three versions; PlanDocument refuses none of them."""
    later = draw(_later)
    document = {"currency": "USD", "timezone": draw(_timezones), "versions": [draw(_first), *later]}
    PlanDocument.read(document)
    return document
