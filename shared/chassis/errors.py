"""The kinds of failure that code may raise on purpose; anything else is a bug or a poison record."""

from typing import ClassVar


class Refused(Exception):
    """A business rule says no: tell the caller, do not retry.

    A subclass sets `code` (stable, snake_case), `status` (HTTP) and `sentence`, a format string over `details`
    that a partner could read. `headers` go with the HTTP answer.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    sentence: ClassVar[str] = "The request was refused."

    def __init__(self, **details: object) -> None:
        self.details = details
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The sentence with its details filled in."""
        return self.sentence.format(**self.details)


class NotFound(Refused):
    """The thing asked for is not there, or not the caller's to see: the two look alike on purpose."""

    code = "not_found"
    status = 404
    sentence = "There is no {what} with this id."


class Transient(Exception):
    """The world is not ready (connection lost, lock timeout): wait and try the same again."""


class Apart(Exception):
    """Something in a set needs a transaction of its own: all of the set is undone, and each of it is done alone."""
