"""`hansa run`: one role of one service in this process, as containers run it."""

import os
from enum import StrEnum
from typing import Annotated

import typer

from hansa.cli.options import DataDir, folder_of
from hansa.cli.output import say


class Half(StrEnum):
    """The two processes of a service."""

    API = "api"
    WORKER = "worker"


def command(
    service: Annotated[str, typer.Argument(help="partners, registration, commission, tiering, enablement or notifications.")],
    role: Annotated[Half, typer.Argument(help="api: its HTTP half. worker: consumers, relay and timers.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one. A worker answers /readyz and /metrics there.", min=0, max=65535)] = 0,
    data_dir: DataDir = None,
) -> None:
    """Run one role of one service, with settings from HANSA_<SERVICE>_… or, without them, those of the system on --data-dir."""
    from hansa import catalogue
    from hansa import host as hosting
    from hansa.embedded import wiring
    from hansa.embedded.processes import free_ports
    from hansa.embedded.system import system_on

    if service not in catalogue.SERVICES:
        raise typer.BadParameter(f"there is no service {service!r}; there are {', '.join(catalogue.SERVICES)}.")
    port = port or free_ports(1)[0]
    if f"HANSA_{service.upper()}_{role.upper()}_URL" in os.environ:
        hosting.run(service, role.value, host=host, port=port)
        return
    folder = folder_of(data_dir)
    with system_on(folder, say=say) as running:
        settings = wiring.values(folder, admin_dsn=running.admin_dsn, kafka=running.kafka)
        for name, value in wiring.environment({service: settings[service]}).items():
            os.environ.setdefault(name, value)
        say(f"{service} {role} answers at http://{host}:{port}")
        hosting.run(service, role.value, host=host, port=port)
