"""The mapping file: which files and columns of an export mean what. `default.yaml` beside this file is one."""

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from hansa.crm.failures import MappingInvalid
from hansa.faults import Unusable, told

DEFAULT = Path(__file__).with_name("default.yaml")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OpportunityColumns(_Part):
    """The export's column names; `changed` (when the opportunity last changed) is optional."""

    id: str
    partner: str
    product: str
    account: str
    stage: str
    engaged: str
    closed: str
    value: str
    changed: str | None = None


class Stages(_Part):
    """The export's words for each stage, compared without regard to case."""

    won: tuple[str, ...] = Field(min_length=1)
    lost: tuple[str, ...] = ()
    open: tuple[str, ...] = ()

    def stage_of(self, word: str) -> Literal["won", "lost", "open"] | None:
        folded = word.strip().casefold()
        for stage in ("won", "lost", "open"):
            if folded in (each.casefold() for each in getattr(self, stage)):
                return stage
        return None


class Opportunities(_Part):
    """The file of opportunities and how its values are written."""

    file: str
    columns: OpportunityColumns
    stages: Stages
    dates: str = "%Y-%m-%d"
    decimal_mark: str = Field(".", min_length=1, max_length=1)
    group_mark: str = Field("", max_length=1)


class ProductColumns(_Part):
    name: str
    family: str


class Products(_Part):
    """The file that says to which family a product belongs."""

    file: str
    columns: ProductColumns


class AccountColumns(_Part):
    name: str
    country: str | None = None
    domain: str | None = None


class Accounts(_Part):
    """The file of customers; `countries` corrects words that are no country's name."""

    file: str
    columns: AccountColumns
    required: bool = False
    countries: dict[str, str] = Field(default_factory=dict)


class PartnerColumns(_Part):
    name: str
    region: str | None = None


class Partners(_Part):
    """What partners that have to be created are given."""

    file: str | None = None
    columns: PartnerColumns | None = None
    type: str = "channel"
    default_region: str = "any"


class Mapping(_Part):
    """The whole mapping file."""

    source: str = Field("crm", min_length=1, max_length=100)
    encoding: str = "utf-8"
    delimiter: str = Field(",", min_length=1, max_length=1)
    opportunities: Opportunities
    products: Products
    accounts: Accounts | None = None
    partners: Partners = Partners()


def load(path: Path | None = None) -> Mapping:
    """Read a mapping file, or the default one. Raises MappingInvalid."""
    path = path or DEFAULT
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        mapping = Mapping.model_validate(document)
        "".encode(mapping.encoding)
    except LookupError as error:
        raise MappingInvalid(f"{path}: there is no such encoding: {error}") from error
    except Unusable as error:
        raise MappingInvalid(f"{path} cannot be used: {told(error)}") from error
    return mapping
