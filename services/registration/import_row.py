"""An opportunity as the vendor's sales system has it now, as it is sent over HTTP: one alone, or a row of many."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.chassis.http import Instant
from shared.schemas.base import Currency
from shared.schemas.crm import OpportunityCredit, OpportunityLine, Stage

Id = Annotated[str, Field(min_length=1, max_length=300)]


class OpportunityIn(BaseModel):
    """The whole state of one opportunity. `occurred_at` is when it changed in its source.

    `source_version` counts its states there: the highest is the newest, however they arrive. `origin` says who made the change:
    `hansa:{deal_id}@{ce_sequence}` where it was Hansa.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    partner_id: UUID
    account_name: Id
    account_domain: str | None = Field(None, max_length=300)
    country: str | None = Field(None, max_length=100)
    tax_id: str | None = Field(None, max_length=100)
    crm_ids: tuple[Id, ...] = ()
    territory: str = Field("any", min_length=1, max_length=100, description="`any`: derived from the country where there is one")
    families: tuple[Id, ...] = Field(min_length=1, max_length=50)
    engaged_at: Instant
    stage: Stage
    closed_at: Instant | None = None
    currency: Currency = "USD"
    amount: str | None = Field(None, max_length=40)
    lines: tuple[OpportunityLine, ...] = Field((), max_length=1_000)
    credits: tuple[OpportunityCredit, ...] = Field((), max_length=100)
    occurred_at: Instant | None = None
    source_version: int | None = Field(None, ge=1, lt=2**63)
    origin: str | None = Field(None, max_length=200)


class ImportRow(OpportunityIn):
    """One opportunity of many, whole; `source` and `external_id` name it."""

    source: Id
    external_id: Id
