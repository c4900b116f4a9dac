"""One row of an import: an opportunity as the vendor's sales system has it now."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.chassis.http import Instant
from shared.schemas.base import Currency
from shared.schemas.crm import OpportunityCredit, OpportunityLine, Stage

Id = Annotated[str, Field(min_length=1, max_length=300)]


class ImportRow(BaseModel):
    """One opportunity as the sales system has it now. `source` and `external_id` name it; `occurred_at` is when it changed there."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    source: Id
    external_id: Id
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
