"""What statements are run on."""

from collections.abc import Sequence
from typing import Any, Protocol


class Fetching(Protocol):
    """What runs a statement with `$1` placeholders and gives its rows: a unit of work, or a connection of replay's."""

    async def fetch(self, sql: str, *arguments: Any) -> Sequence[Any]: ...
