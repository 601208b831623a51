"""What the push API says when it cannot do something: application/problem+json (RFC 9457).

A problem never quotes a value it was given, since that may be a secret or a user's text.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from flask import Response
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException

from wxbot.errors import InvalidMessage, NotFound, StoreError

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"
RETRY_STORE = 1  # seconds until a store that was busy is worth another try

# Python 3.13 gave these their newer names; ours are the same on every Python.
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}


class FieldError(BaseModel):
    """One thing that is wrong, and where."""

    field: str
    message: str


class ProblemBody(BaseModel):
    """Why a request was not done; then nothing was changed."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []


class Problem(Exception):
    """A request that was not done: `status`, a sentence, the fields at fault, headers to add."""

    def __init__(
        self,
        status: int,
        detail: str,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors, self.headers = status, detail, list(errors), dict(headers or {})

    def response(self) -> Response:
        """Return it as the answer to the request."""
        title = _TITLES.get(self.status) or HTTPStatus(self.status).phrase
        body = ProblemBody(title=title, status=self.status, detail=self.detail, errors=self.errors)
        answer = Response(body.model_dump_json(), self.status, content_type=CONTENT_TYPE)
        answer.headers.update(self.headers)
        return answer


def at_field(status: int, field: str, message: str) -> Problem:
    """Return the problem with one field."""
    return Problem(status, f"{field}: {message}", [FieldError(field=field, message=message)])


def of_validation(exc: ValidationError) -> Problem:
    """Return every mistake in a body or a query: 400 when it is no JSON at all, else 422."""
    mistakes = exc.errors(include_url=False, include_input=False, include_context=False)
    if mistakes[0]["type"] == "json_invalid":
        return Problem(400, f"the body is not JSON in UTF-8: {mistakes[0]['msg'].removeprefix('Invalid JSON: ')}")
    errors = [FieldError(field=_field(one), message=one["msg"].removeprefix("Value error, ")) for one in mistakes]
    return Problem(422, "; ".join(f"{one.field}: {one.message}" for one in errors), errors)


def _field(mistake: Any) -> str:
    """Return where it is as the caller wrote it: `message.articles.0.title`."""
    path = [str(part) for part in mistake["loc"]]
    if len(path) > 1 and path[0] == "message":
        del path[1]  # pydantic's name for the kind of message, which no body has
    if mistake["type"].startswith("union_tag"):
        path.append("type")
    return ".".join(path) or "body"


def of_error(exc: Exception) -> Problem:
    """Return any error as a problem; one that is a bug of ours is logged, and tells nothing."""
    match exc:
        case Problem():
            return exc
        case StoreError():
            log.error("API call not stored", action="api_not_stored", why=str(exc))
            return Problem(503, "the store is busy; nothing was changed", headers={"Retry-After": str(RETRY_STORE)})
        case NotFound():
            return Problem(404, str(exc))
        case InvalidMessage():
            return Problem(422, str(exc))
        case HTTPException(code=int(status)) if status in set(HTTPStatus):
            kept = {name: value for name, value in exc.get_headers() if name == "Allow"}
            return Problem(status, exc.description or exc.name, headers=kept)
    log.error("API call failed", action="api_failed", exc_info=exc)
    return Problem(500, "a fault of wxbot, which its log describes; nothing was changed")
