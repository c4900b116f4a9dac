"""The dispute rules as a document (section `commission.disputes` of programme.yaml, and the API)."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

from services.commission.domain.dispute import DisputeRules


class DisputePolicy(BaseModel):
    """What the vendor decides about disputes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    open_within_days: int = Field(30, ge=1, le=3650, description="from the statement that shows the entry; before that always")
    answer_within_days: int = Field(10, ge=1, le=365, description="to the answer, and from it to the decision unless that names its day")

    def rules(self) -> DisputeRules:
        """The domain's own view."""
        return DisputeRules(timedelta(days=self.open_within_days), timedelta(days=self.answer_within_days))
