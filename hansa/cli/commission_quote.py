"""`hansa commission quote`: what a plan gives for some events, without any server."""

import json as jsonlib
import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml

from hansa.cli.options import Json
from hansa.cli.output import as_json, as_table, aside, complain

if TYPE_CHECKING:
    from services.commission.domain.refusals import PlanInvalid
    from services.commission.quoting import Quote

BAD_DOCUMENT = 2


def quote(file: Annotated[str, typer.Argument(help="A document in YAML or JSON; - reads standard input.")], json: Json = False) -> None:
    """Figure a document's events under its plan, by the rules of the books, and write nothing. A bad document ends with 2."""
    from services.commission.domain.refusals import PlanInvalid
    from services.commission.quoting import quote as figure

    try:
        found = figure(_read(file))
    except PlanInvalid as refusal:
        _refuse(refusal, json=json)
        raise typer.Exit(BAD_DOCUMENT) from None
    for warning in found.warnings:
        complain(f"warning: {warning['code']} at {warning['place']}")
    if json:
        as_json(asdict(found))
    else:
        _tell(found)


def _refuse(refusal: "PlanInvalid", *, json: bool) -> None:
    """Every fault with its place, a line each; as JSON too when asked."""
    found: Any = refusal.details["found"]
    for fault in found:
        complain(f"{fault.code} at {fault.place}")
    if json:
        as_json({"errors": [{"code": fault.code, "place": fault.place} for fault in found]})


class _Exact(yaml.SafeLoader):
    """YAML whose decimals stay the text that was written: no float touches money."""


# Of YAML 1.1's booleans only true and false are meant here: `on` is a word, and NO a country.
_Exact.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:bool"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Exact.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))
_Exact.add_constructor("tag:yaml.org,2002:float", lambda _, node: node.value)


def _read(file: str) -> object:
    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    try:
        if text.lstrip().startswith("{"):
            return jsonlib.loads(text, parse_float=str)
        return yaml.load(text, Loader=_Exact)  # noqa: S506 - a SafeLoader
    except (jsonlib.JSONDecodeError, yaml.YAMLError) as error:
        complain(f"The document is neither YAML nor JSON: {error}")
        raise typer.Exit(BAD_DOCUMENT) from None


def _tell(found: "Quote") -> None:
    entries = [
        [
            row["event"] or "",
            row["deal"] or "",
            row["partner"],
            row["kind"],
            f"{row['amount']} {row['currency']}",
            f"{row['rule']}: {row['reason']}",
        ]
        for row in found.entries
    ]
    as_table("Entries", ["event", "deal", "partner", "kind", "amount", "why"], entries)
    balances = [[who, currency, total] for who, of in found.balances.items() for currency, total in of.items()]
    as_table("Balances", ["partner", "currency", "total"], balances)
    for title, rows, why in (("Waiting", found.waiting, "reason"), ("Rejected", found.rejected, "code")):
        if rows:
            as_table(title, ["event", why], [[row["event"], row[why]] for row in rows])
    aside.print(f"hash {found.hash}", highlight=False)
