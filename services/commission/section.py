"""The section `commission` of programme.yaml: the plan, and beside it the rules of what is done with the money."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.commission.dispute_rules import DisputePolicy
from services.commission.domain.calendar import PeriodKind
from services.commission.payout_rules import PayoutRules
from services.commission.plan_document import PlanDocument


class StatementRules(BaseModel):
    """How long the period of a statement is, until other rules are recorded over the API."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    period: Literal[PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR] = PeriodKind.MONTH


class CommissionSection(PlanDocument):
    """The whole section as written; plans of later versions hold no rules but their own."""

    payouts: PayoutRules = Field(default_factory=PayoutRules)
    statements: StatementRules = Field(default_factory=StatementRules)
    disputes: DisputePolicy = Field(default_factory=DisputePolicy)


BESIDE_THE_PLAN = CommissionSection.model_fields.keys() - PlanDocument.model_fields.keys()


def plan_part(section: Mapping[str, Any]) -> dict[str, Any]:
    """The section without what is no part of the plan; what nobody knows stays in, to be refused."""
    return {name: value for name, value in section.items() if name not in BESIDE_THE_PLAN}
