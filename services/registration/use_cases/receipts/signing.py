"""The keys that sign receipts, read when the first one is needed."""

from collections.abc import Callable, Sequence
from functools import cached_property

from services.registration.domain.receipts.keys import KeyMalformed, PublicKeys, SigningKeys
from shared.chassis.errors import Transient
from shared.chassis.health import Unready


class ReceiptKeysMissing(Transient):
    """No key signs receipts: an operator must put one into the settings. Until then nothing is registered, and nothing is lost."""


class Signer:
    """Signs with the newest key of the settings. `keys` is read at first use."""

    def __init__(self, keys: Callable[[], Sequence[str]]) -> None:
        self._read = keys

    @cached_property
    def keys(self) -> SigningKeys:
        """The keys. Raises ReceiptKeysMissing."""
        try:
            return SigningKeys(self._read())
        except KeyMalformed as error:
            raise ReceiptKeysMissing(f"receipts cannot be signed: {error} (receipt_keys or receipt_keys_file)") from error

    async def check(self) -> None:
        """For readiness: a process that cannot sign would refuse every registration. Raises Unready."""
        try:
            _ = self.keys
        except ReceiptKeysMissing as error:
            raise Unready(str(error)) from error

    @property
    def public(self) -> PublicKeys:
        """The public halves. Raises ReceiptKeysMissing."""
        return self.keys.public
