"""`hansa token`: a bearer token of the built-in issuer."""

import os
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from hansa.cli.options import DataDir, Json, folder_of
from hansa.cli.output import as_json


class Who(StrEnum):
    """Whom a token may speak for."""

    OPERATOR = "operator"
    PARTNER = "partner"
    CONNECTOR = "connector"


def command(
    role: Annotated[Who, typer.Option(help="operator: the vendor's staff. partner: one partner's staff. connector: a sales system.")],
    partner: Annotated[UUID | None, typer.Option(help="The partner that a partner's token is bound to.", show_default=False)] = None,
    subject: Annotated[str, typer.Option(help="Who it is, for the records.")] = "",
    hours: Annotated[float, typer.Option(help="How long it is good for.", min=0.01, max=24 * 365)] = 12,
    keys: Annotated[Path | None, typer.Option(help="Folder of signing keys (default: that of --data-dir).", show_default=False)] = None,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Print a token for the APIs: curl -H "Authorization: Bearer $(bin/hansa token --role operator)" …"""
    from hansa.embedded import wiring
    from shared.chassis.identity.issuer import Issuer

    if (role is Who.PARTNER) != (partner is not None) and role is not Who.CONNECTOR:
        raise typer.BadParameter("a partner's token names its partner (--partner UUID); an operator's names none.")
    name = os.environ.get("HANSA_ISSUER", wiring.ISSUER)
    issuer = Issuer(keys or wiring.keys(folder_of(data_dir)), issuer=name)
    token = issuer.issue(role.value, partner_id=partner, subject=subject, ttl=timedelta(hours=hours))
    if json:
        as_json({"token": token, "role": role.value, "partner_id": partner, "issuer": name, "expires_in_s": int(hours * 3600)})
    else:
        typer.echo(token)
