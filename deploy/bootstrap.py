"""Job: create each service's database and its three roles on a PostgreSQL server. Running it again changes nothing but passwords.

HANSA_ADMIN_DSN=postgresql://postgres:…@postgres:5432/postgres HANSA_DB_PASSWORD=… python deploy/bootstrap.py [SERVICE …]
"""

import asyncio
import os
import sys

from hansa.catalogue import SERVICES
from shared.chassis.database import bootstrap


async def main(services: tuple[str, ...]) -> None:
    """Create them one after the other; an error of PostgreSQL ends the job."""
    admin, password = os.environ["HANSA_ADMIN_DSN"], os.environ["HANSA_DB_PASSWORD"]
    for service in services:
        await bootstrap.create(admin, service, password=password)
        print(f"hansa_{service}: database and roles are there", flush=True)


if __name__ == "__main__":
    asyncio.run(main(tuple(sys.argv[1:]) or SERVICES))
