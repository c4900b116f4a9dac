"""The answer that holds a secret."""

from fastapi import Response

from services.notifications.api.models import SecretShown
from shared.chassis.http import etag


def shown_once(shown: SecretShown, *, status: int, version: int) -> Response:
    """The answer with the secret, of which an Idempotency-Key keeps everything else: a secret is never stored in clear."""
    answer = _json(shown, status=status, version=version)
    answer.kept = _json(shown.model_copy(update={"secret": None}), status=status, version=version)
    return answer


class _Answer(Response):
    """`kept` is what the chassis stores in place of this answer, for a repeated request."""

    media_type = "application/json"
    kept: Response


def _json(shown: SecretShown, *, status: int, version: int) -> _Answer:
    answer = _Answer(shown.model_dump_json(), status_code=status)
    etag(answer, version)
    return answer
