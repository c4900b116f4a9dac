"""Where commission's books stand, for the commands that read them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from hansa.cli.options import DataDir, folder_of
from hansa.cli.output import say


@contextmanager
def books(data_dir: DataDir) -> Iterator[str]:
    """Address of commission's database in its worker role: HANSA_COMMISSION_WORKER_URL, else the system on the data folder."""
    if given := os.environ.get("HANSA_COMMISSION_WORKER_URL"):
        yield given
        return
    from hansa.embedded.system import system_on

    with system_on(folder_of(data_dir), say=say) as running:
        yield running.dsn("commission", role="worker")
