"""The part `coselling` of the section `registration`: who signs, and how long an invitation stands."""

from pydantic import BaseModel, ConfigDict, Field


class CosellingPolicy(BaseModel):
    """`vendor_signs`: a version is in force only once the vendor has signed it too."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    vendor_signs: bool = True
    respond_within_days: int = Field(14, ge=1, le=365)
