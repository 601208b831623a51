"""The push API's description, made from what runs: its operations and the models of their bodies."""

import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from wxbot.protocol.media import LARGEST
from wxbot.protocol.topic import MAX_TOPIC
from wxbot.web.api_call import LONGEST_KEY, Operation
from wxbot.web.problems import CONTENT_TYPE, ProblemBody

_REF = "#/components/schemas/"
_PARAMETERS: dict[str, dict[str, Any]] = {
    "account": {"type": "string", "example": "default"},
    "id": {"type": "integer", "minimum": 0},
    "openid": {"type": "string"},
    "topic": {"type": "string", "minLength": 1, "maxLength": MAX_TOPIC, "example": "flight:CA1501:2026-11-25"},
}
_REFUSALS = {
    401: "No key, or one that is wrong, revoked or expired.",
    403: "This key may not do this.",
    404: "There is no such thing in an account of this key.",
    429: "Too many calls with this key; Retry-After tells when.",
    503: "The store is busy and nothing was changed; Retry-After tells when.",
}
_REFUSALS_OF_BODY = {
    400: "The body is not JSON in UTF-8.",
    413: "The body has more than 64 KiB.",
    415: "The body is not application/json.",
}
_REFUSALS_OF_FILE = {413: f"The file has more than {LARGEST // 1024**2} MiB.", 415: "The body is a form."}


def openapi(operations: Iterable[Operation], prefix: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of these operations below `prefix`."""
    described = list(operations)
    paths: dict[str, dict[str, Any]] = {}
    for one in described:
        paths.setdefault(f"{prefix}{one.path}", {})[one.method.lower()] = _operation(one, prefix)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "wxbot push API",
            "version": "1",
            "description": "Send to the users of a WeChat Official Account what the platform still allows.",
        },
        "paths": paths,
        "components": {
            "schemas": _schemas(described),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "wxk_<id>_<secret>"}},
        },
        "security": [{"key": []}],
    }


def refusals(one: Operation) -> dict[int, str]:
    """Return the statuses other than success that an operation may answer, and why."""
    found = dict(_REFUSALS)
    if one.body:
        found |= _REFUSALS_OF_BODY
    if one.takes_file:
        found |= _REFUSALS_OF_FILE
    if one.body or one.query or "{topic}" in one.path:
        found[422] = "Something in it is wrong; `errors` names each field."
    return dict(sorted({**found, **one.refuses}.items()))


def _operation(one: Operation, prefix: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.about,
        "description": f"Needs the scope `{one.scope}`.",
        "parameters": [*_path_parameters(prefix + one.path), *_query_parameters(one), *_headers(one)],
        "responses": {
            str(one.status): _response("Done.", "application/json", one.answer),
            **{str(status): _response(why, CONTENT_TYPE, ProblemBody) for status, why in refusals(one).items()},
        },
    }
    if one.body:
        described["requestBody"] = {"required": True, "content": _content("application/json", one.body)}
    if one.takes_file:
        described["requestBody"] = {"required": True, "content": {"application/octet-stream": {}}}
    return described


def _response(why: str, content_type: str, model: type[BaseModel]) -> dict[str, Any]:
    return {"description": why, "content": _content(content_type, model)}


def _content(content_type: str, model: type[BaseModel]) -> dict[str, Any]:
    return {content_type: {"schema": {"$ref": _REF + model.__name__}}}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _PARAMETERS[name]}
        for name in re.findall(r"{(\w+)}", path)
    ]


def _query_parameters(one: Operation) -> list[dict[str, Any]]:
    fields = one.query.model_json_schema()["properties"] if one.query else {}
    return [{"name": name, "in": "query", "schema": schema} for name, schema in fields.items()]


def _headers(one: Operation) -> list[dict[str, Any]]:
    if one.method != "POST" or one.takes_file:
        return []
    about = "A repeated request with this key gets the first answer, for 48 hours."
    schema = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[ -~]+$"}
    return [{"name": "Idempotency-Key", "in": "header", "description": about, "schema": schema}]


def _schemas(operations: list[Operation]) -> dict[str, Any]:
    taken = {one.body for one in operations if one.body}
    given = {one.answer for one in operations} | {ProblemBody}
    models: list[tuple[type[BaseModel], Any]] = [(one, "validation") for one in taken]
    models += [(one, "serialization") for one in given]
    _, document = models_json_schema(models, ref_template=_REF + "{model}")
    schemas: dict[str, Any] = document["$defs"]
    return dict(sorted(schemas.items()))
