"""A whole deal out of its JSON: statements keep a partner's side of each deal that way."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from services.commission.domain.deal import Deal
from services.commission.store.encoding import decoded_deal


def decoded_side(body: Mapping[str, Any]) -> Deal:
    """The deal that `encoded` wrote."""
    sale = None if body["sale"] is None else orjson.dumps(body["sale"]).decode()
    return decoded_deal(UUID(body["id"]), UUID(body["partner_id"]), body["close_number"], body["standing"], body["revision"], sale)
