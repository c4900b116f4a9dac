"""What every request body shares."""

from pydantic import BaseModel, ConfigDict


class RequestBody(BaseModel):
    """Read once and never changed; a field that nobody knows is an error, not a guess."""

    model_config = ConfigDict(frozen=True, extra="forbid")
