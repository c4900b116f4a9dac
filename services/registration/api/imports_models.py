"""What is answered for each row of an import."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel

Result = Literal["registered", "won", "lost", "open", "unchanged", "conflict", "refused"]


class ImportResult(BaseModel):
    """What became of one row. `registered`, `won`, `lost`: new, and now there; `open`: opened again; `conflict`: new, but a rival
    held the account, so without protection (`stage` says where it stands); `refused`: see `code`. The field `conflict` stays true
    for such a deal when it is sent again."""

    line: int
    external_id: str | None = None
    result: Result
    stage: str | None = None
    registered: bool = False
    conflict: bool = False
    code: str | None = None
    deal_id: UUID | None = None
    message: str | None = None
