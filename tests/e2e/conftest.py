"""The whole product, once for the tests that do not mind what others did in it."""

from collections.abc import Iterator

import pytest

from hansa.embedded.record import Running
from hansa.embedded.system import System


@pytest.fixture(scope="package")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """All services on a folder of their own."""
    started = System(tmp_path_factory.mktemp("product"), port=0, durable=False)
    try:
        yield started.start()
    finally:
        started.stop()
