"""The console as an application of its own, so that nothing of it touches the webhook's requests.

It has its own cookies, templates and error pages, and is mounted at /console.
"""

import hmac
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import structlog
from flask import Flask, Response, abort, g, redirect, render_template, request
from flask.sessions import SecureCookieSessionInterface
from flask_login import current_user
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from wxbot.errors import StoreError
from wxbot.store import console_users
from wxbot.web.any_query import AnyQuery
from wxbot.web.console import shown, signin, words
from wxbot.web.console.calendar import calendar
from wxbot.web.console.charts import charts
from wxbot.web.console.conversation import conversation
from wxbot.web.console.conversations import conversations
from wxbot.web.console.failed_pushes import failed_pushes
from wxbot.web.console.follow_up import follow_up
from wxbot.web.console.health import health
from wxbot.web.console.outbox import outbox
from wxbot.web.console.own_sessions import own_sessions
from wxbot.web.console.people import people
from wxbot.web.console.person import person
from wxbot.web.console.room import Room
from wxbot.web.console.topic import topic
from wxbot.web.console.topics import topics
from wxbot.web.console.trail import trail

log = structlog.get_logger(__name__)

PATH = "/console"
MAX_BODY = 64 * 1024  # bytes
_LANGUAGE = "wxbot_language"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PUBLIC = {"static", "signin.form", "signin.enter", "signin.leave"}


class _Sessions(SecureCookieSessionInterface):
    """Cookies for where the console is, which in another application may be anywhere."""

    def get_cookie_path(self, app: Flask) -> str:
        """Return where the request found us."""
        return request.script_root


def create_console(room: Room, secret: str, *, https: bool) -> Flask:
    """Return the console; `secret` signs its cookies, which with `https` go over nothing else."""
    app = Flask(__name__)
    app.request_class = AnyQuery
    app.session_interface = _Sessions()
    key = hmac.digest(secret.encode(), b"wxbot console cookies", sha256).hex()
    app.config.update(
        SECRET_KEY=key,
        MAX_CONTENT_LENGTH=MAX_BODY,
        PERMANENT_SESSION_LIFETIME=timedelta(seconds=console_users.LONGEST),
        SEND_FILE_MAX_AGE_DEFAULT=86_400,  # their addresses name a version
        SESSION_REFRESH_EACH_REQUEST=False,  # the store ends sessions; to seal one anew cost a fifth of a poll
        SESSION_COOKIE_NAME="wxbot_console",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=https,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a tab is kept open for days
    )
    _language(app)  # first: also a refusal is told in it
    CSRFProtect(app)
    signin.sessions(app, room)
    app.register_blueprint(signin.signin(room, key))
    for pages in (
        conversations,
        conversation,
        outbox,
        follow_up,
        failed_pushes,
        people,
        person,
        own_sessions,
        trail,
        topics,
        topic,
        calendar,
        charts,
        health,
    ):
        app.register_blueprint(pages(room))
    _shown(app, room)
    _guard(app, room)
    return app


def _language(app: Flask) -> None:
    @app.before_request
    def choose() -> AnyResponse | None:
        wanted = request.args.get("language", "")
        if wanted in words.LANGUAGES and request.method == "GET":
            answer = redirect(request.script_root + request.path)
            answer.set_cookie(_LANGUAGE, wanted, max_age=365 * 86_400, path=request.script_root, samesite="Lax")
            return answer
        kept = request.cookies.get(_LANGUAGE, "")
        g.language = kept if kept in words.LANGUAGES else _asked_for()
        return None


def _asked_for() -> str:
    return request.accept_languages.best_match(words.LANGUAGES, default="zh") or "zh"


def _shown(app: Flask, room: Room) -> None:
    """Let templates say words, and tell moments as people do."""
    filters: dict[str, Callable[..., Any]] = {
        "moment": lambda at: shown.moment(at, room.now, room.zone, words.language()),
        "span": lambda seconds: shown.span(seconds, words.language()),
        "countdown": lambda until: shown.countdown(until, room.now, words.language()),
        "capped": shown.capped,
        "weekday": lambda day: shown.weekday(day, words.language()),
        "left": lambda count: shown.left(count, words.language()),
        "short": shown.short,
        "face": shown.face,
        "lines": shown.lines,
        "so_many": shown.so_many,
    }
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals["_"] = words.say
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    @app.context_processor
    def common() -> dict[str, object]:
        user = current_user.user if current_user.is_authenticated else None
        accounts = [name for name in room.readers if user and user.sees(name)]
        account = (request.view_args or {}).get("account") or next(iter(accounts), "")
        here = request.script_root + request.full_path.rstrip("?")  # where a page asks for its live part
        said = {"language": words.language(), "assets": version("wxbot"), "here": here, "now": room.now}
        return {**said, "user": user, "accounts": accounts, "account": account}


def _guard(app: Flask, room: Room) -> None:
    """Let nobody in who is not signed in, and say what goes wrong on a page of ours."""

    @app.before_request
    def let_in() -> AnyResponse | str | None:
        if request.endpoint in _PUBLIC:
            return None
        if current_user.is_authenticated:
            return None if (request.view_args or {}).get("account") in (None, *room.readers) else abort(404)
        refused: AnyResponse = app.login_manager.unauthorized()  # type: ignore[attr-defined]
        return refused

    @app.after_request
    def guard_headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Wxbot-Now"] = f"{room.now:.3f}"
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response

    @app.errorhandler(CSRFError)
    def stale(exc: CSRFError) -> tuple[str, int]:
        return _problem(400, words.say("This form is too old. Go back, load the page anew and try again."))

    @app.errorhandler(HTTPException)
    def refuse(exc: HTTPException) -> tuple[str, int]:
        known = {403: "Your role may not do this.", 404: "There is no such page.", 413: "This is too long."}
        text = known.get(exc.code or 500)
        return _problem(exc.code or 500, words.say(text) if text else exc.name)

    @app.errorhandler(StoreError)
    def busy(exc: StoreError) -> tuple[str, int]:
        log.exception("console page failed", action="console_store_failed", page=request.endpoint)
        return _problem(503, words.say("The store cannot do it now. Nothing was changed; try again."))


def _problem(status: int, text: object) -> tuple[str, int]:
    if "HX-Request" in request.headers:
        return "", status
    return render_template("problem.html", text=text), status
