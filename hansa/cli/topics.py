"""`hansa topics`: the register of topics, made true on a cluster."""

import asyncio
from typing import Annotated

import typer

from hansa.cli.options import DataDir, Json, folder_of
from hansa.cli.output import as_json, as_table, say


def command(
    bootstrap: Annotated[str, typer.Option(help="Bootstrap servers (else those of the system on --data-dir).", show_default=False)] = "",
    prefix: Annotated[str, typer.Option(help="Put before every name, to share a cluster.")] = "",
    replicas: Annotated[int, typer.Option(help="Replicas of each partition; 3 beyond one machine.", min=1)] = 1,
    min_in_sync: Annotated[int, typer.Option(help="min.insync.replicas; 2 with three replicas.", min=1)] = 1,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Create the topics of deploy/topics.yaml that are missing, and list them all."""
    from hansa import catalogue
    from hansa.embedded.prepare import create_topics
    from hansa.embedded.system import system_on
    from shared.chassis.events import topics

    def make(address: str) -> list[str]:
        return asyncio.run(create_topics(address, prefix=prefix, replicas=replicas, min_in_sync=min_in_sync))

    if bootstrap:
        made = make(bootstrap)
    else:
        with system_on(folder_of(data_dir), say=say) as running:
            made = make(running.kafka)
    known = topics.register(catalogue.TOPICS)
    if json:
        as_json(
            [{"topic": prefix + t.name, "owner": t.owner, "partitions": t.partitions, "created": prefix + t.name in made} for t in known]
        )
        return
    rows = [[prefix + t.name, t.owner, t.partitions, t.retention, "new" if prefix + t.name in made else "", t.meaning] for t in known]
    as_table("Topics", ["topic", "owner", "partitions", "kept", "", "meaning"], rows)
