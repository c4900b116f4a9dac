"""Versions of a resource over HTTP: `ETag` on what is read, `If-Match` on what is changed."""

from typing import Annotated

from fastapi import Depends, Header, Response

from shared.chassis.errors import Refused


class VersionMismatch(Refused):
    code = "version_mismatch"
    status = 412
    sentence = "It was changed meanwhile: read it again, then decide."


class PreconditionRequired(Refused):
    code = "precondition_required"
    status = 428
    sentence = "Say which version you change: send the ETag you read as If-Match."


def etag(response: Response, version: int | str) -> None:
    """Name the version of what is answered."""
    response.headers["ETag"] = f'"{version}"'


class Expectation:
    """The versions that the caller is willing to change (`If-Match`); without the header, any."""

    def __init__(self, if_match: Annotated[str | None, Header(max_length=1_024)] = None) -> None:
        self._tags = None if if_match is None else {tag.strip().strip('"') for tag in if_match.split(",")}

    def expects(self, version: int | str, *, required: bool = False) -> None:
        """Raise VersionMismatch unless `version` is one of them (or PreconditionRequired if one had to be named)."""
        if self._tags is None:
            if required:
                raise PreconditionRequired
            return
        if "*" not in self._tags and str(version) not in self._tags:
            raise VersionMismatch


IfMatch = Annotated[Expectation, Depends()]
