"""How laws are tried: one that fails says so within a minute, with the example that breaks it."""

from collections.abc import Iterator

import pytest
from hypothesis import Phase, core, settings
from hypothesis.internal.conjecture import engine
from hypothesis.vendor.pretty import RepresentationPrinter

# To explain a failure, Hypothesis traces every line of each attempt to make it smaller, which then takes seven times as long.
settings.register_profile("laws", settings(), phases=[phase for phase in Phase if phase is not Phase.explain])
settings.load_profile("laws")


@pytest.fixture(scope="module", autouse=True)
def _quick_and_legible_failures() -> Iterator[None]:
    """For both there is no setting. A name that a later release gives up is refused here, and so noticed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "MAX_SHRINKING_SECONDS", 40)  # 300, and then it reports what it has
        # Schemathesis, which pytest loads for other tiers, puts in one that prints nothing, for the speed of its fuzzing.
        patch.setattr(core, "RepresentationPrinter", RepresentationPrinter)
        yield
