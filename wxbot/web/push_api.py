"""The push API over HTTP: its routes, made from the operations, and its description.

Whatever goes wrong below /api/ is answered as application/problem+json, never as HTML.
"""

from collections.abc import Callable, Set

import structlog
from flask import Blueprint, Response, render_template, request
from werkzeug.exceptions import HTTPException

from wxbot.clock import Clock
from wxbot.protocol.media import LARGEST
from wxbot.store.engine import Store
from wxbot.web import api_contacts, api_media, api_messages, api_plans, api_topics
from wxbot.web.api_auth import Guard
from wxbot.web.api_call import Answer, Call, Operation
from wxbot.web.openapi import openapi, refusals
from wxbot.web.problems import Problem, of_error

log = structlog.get_logger(__name__)

MAX_BODY = 64 * 1024  # bytes
PREFIX = "/api/v1"
OF_ACCOUNT = "/accounts/{account}"
OPERATIONS: tuple[Operation, ...] = (
    *api_messages.OPERATIONS,
    *api_media.OPERATIONS,
    *api_contacts.OPERATIONS,
    *api_topics.OPERATIONS,
    *api_plans.OPERATIONS,
)
_NO_SCRIPT = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def push_api(store: Store, clock: Clock, accounts: Set[str], rate: float) -> Blueprint:
    """Return the blueprint for these accounts; `rate` is calls a second for each key."""
    blueprint = Blueprint("push_api", __name__, url_prefix=PREFIX, template_folder="templates")
    guard = Guard(store, clock, accounts, rate)
    for one in OPERATIONS:
        blueprint.add_url_rule(rule(one), one.name, _view(one, guard, store, clock), methods=[one.method])
    _describe(blueprint)

    @blueprint.errorhandler(Exception)
    def refuse(exc: Exception) -> Response:
        problem = of_error(exc)
        log.info("API call refused", action="api_refused", call=request.endpoint, status=problem.status)
        return problem.response()

    @blueprint.errorhandler(HTTPException)
    @blueprint.app_errorhandler(HTTPException)
    def refuse_route(exc: HTTPException) -> Response | HTTPException:
        """Answer for paths that no route matches, which belong to no blueprint."""
        return of_error(exc).response() if request.path.startswith("/api") else exc

    @blueprint.after_request
    def guard_headers(response: Response) -> Response:
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return blueprint


def rule(one: Operation) -> str:
    """Return an operation's path as Flask routes it."""
    return f"{OF_ACCOUNT}{one.path}".replace("{id}", "<int:id>").replace("{", "<").replace("}", ">")


def _view(one: Operation, guard: Guard, store: Store, clock: Clock) -> Callable[..., Response]:
    def view(account: str, **place: object) -> Response:
        key = guard.admit(request.headers.get("Authorization", ""), account, one.scope)
        call = Call(
            store=store,
            now=clock.now(),
            account=account,
            apikey=key.id,
            method=request.method,
            path=request.path,
            place=place,
            query=request.args.to_dict(flat=False),
            body=_json() if one.body else _file() if one.takes_file else b"",
            idempotency_key=request.headers.get("Idempotency-Key"),
        )
        done = one.handle(call)
        log.info(
            "API call", action="api_answered", account=account, apikey=key.id, call=one.name, status=done.status
        )
        return _response(done)

    return view


def _json() -> bytes:
    """Return the request's body; raises Problem when it is too long or no JSON."""
    body = _body(MAX_BODY)
    if request.mimetype != "application/json":
        raise Problem(415, "send the body with Content-Type: application/json")
    return body


def _file() -> bytes:
    """Return the request's body; raises Problem when it is too long, or a form with a file in it."""
    body = _body(LARGEST)
    if request.mimetype in ("multipart/form-data", "application/x-www-form-urlencoded"):
        raise Problem(415, "send the file itself as the body, and no form: Content-Type: application/octet-stream")
    return body


def _body(most: int) -> bytes:
    body = request.stream.read(most + 1)
    if len(body) > most:
        raise Problem(413, f"a body has at most {most} bytes")
    return body


def _response(done: Answer) -> Response:
    response = Response(done.body, done.status, content_type="application/json")
    if done.is_replay:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _describe(blueprint: Blueprint) -> None:
    """Add the description for programs and the page for people. Both name no account, and need no key."""
    document = openapi(OPERATIONS, PREFIX + OF_ACCOUNT)

    @blueprint.get("/openapi.json")
    def description() -> dict[str, object]:
        return document

    @blueprint.get("/", strict_slashes=False)
    def page() -> Response:
        html = render_template(
            "push_api.html",
            operations=[(one, refusals(one)) for one in OPERATIONS],
            prefix=PREFIX + OF_ACCOUNT,
            schemas=document["components"]["schemas"],
        )
        return Response(html, headers={"Content-Security-Policy": _NO_SCRIPT})
