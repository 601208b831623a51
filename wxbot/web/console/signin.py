"""Who is signed in: a session that can be ended, and a password that cannot be tried without end."""

import ipaddress
import math
import secrets
from typing import Any

import structlog
from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request, url_for
from flask import session as cookie
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response as AnyResponse

from wxbot.store import audit
from wxbot.store import console_users as users
from wxbot.store.console_users import User
from wxbot.store.engine import Transaction
from wxbot.web.console.room import Room
from wxbot.web.console.words import say
from wxbot.web.rate import Rate

log = structlog.get_logger(__name__)

_TRIES, _EACH = 5, 20.0  # passwords at once, and seconds until one more may be tried
_DEVICE = "wxbot_device"
_DEVICE_LIFE = 180 * 86_400  # seconds
_NOTED_EVERY = 60.0  # seconds: to note each use of a session would cost a write for each page


class SignedIn(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """A user as Flask-Login knows them: by the token of their session."""

    def __init__(self, token: str, session_id: int, user: User) -> None:
        self.id, self.session_id, self.user = token, session_id, user


class Brake:
    """Whether a password may be tried now.

    Five times from one address, then three times a minute. A browser from which somebody signed in before has a
    count of its own for that name, so that strangers who try cannot keep them out.
    """

    def __init__(self, room: Room, secret: str) -> None:
        """`secret` signs what browsers keep."""
        self._rate = Rate(1 / _EACH, room.clock.monotonic, burst=_TRIES)
        self._devices = URLSafeSerializer(secret, salt="device")

    def wait(self, name: str) -> float:
        """Take one try for a name; return 0, or the seconds until the next."""
        device = self._device_of(name)
        return self._rate.wait(f"device {device}" if device else f"address {address()}")

    def remember(self, name: str, response: AnyResponse) -> None:
        """Let this browser have a count of its own for a name."""
        if self._device_of(name) is None:
            kept = self._devices.dumps([name, secrets.token_hex(8)])
            response.set_cookie(_DEVICE, str(kept), max_age=_DEVICE_LIFE, **_cookie_settings())

    def _device_of(self, name: str) -> str | None:
        try:
            whose, device = self._devices.loads(request.cookies.get(_DEVICE, ""))
        except (BadSignature, ValueError, TypeError):
            return None
        return str(device) if whose == name else None


def _cookie_settings() -> dict[str, Any]:
    config = current_app.config
    names = {"secure": "SECURE", "httponly": "HTTPONLY", "samesite": "SAMESITE"}
    kept = {name: config[f"SESSION_COOKIE_{of}"] for name, of in names.items()}
    return {**kept, "path": request.script_root}


def address() -> str:
    """Return who asks; behind a proxy on this machine, what that says in the last place."""
    peer = request.remote_addr or ""
    try:
        is_proxy = not peer or ipaddress.ip_address(peer).is_loopback
    except ValueError:
        is_proxy = False
    told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return told[:64] if is_proxy and told else peer


def sessions(app: Flask, room: Room) -> None:
    """Let an application know who is signed in, by the store: a session that is ended there is over at once."""
    manager = LoginManager(app)
    manager.session_protection = None  # an address that changes ends nothing; the token is what counts

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(token: str) -> SignedIn | None:
        now = room.now
        found = room.store.read_one(lambda tx: users.of_session(tx, token, now))
        if found is None:
            return None
        id, seen_at, user = found
        if abs(now - seen_at) > _NOTED_EVERY:
            room.store.write(lambda tx: users.note_session(tx, id, now))
        return SignedIn(token, id, user)

    @manager.unauthorized_handler  # type: ignore[untyped-decorator]
    def send_to_sign_in() -> AnyResponse:
        if "HX-Request" in request.headers:  # a part of a page whose session has ended
            return Response(status=401, headers={"HX-Refresh": "true"})
        to = request.full_path.rstrip("?") if request.method == "GET" else "/"
        return redirect(url_for("signin.form", next=to))


def signin(room: Room, secret: str) -> Blueprint:
    """Return the pages to come in and to leave by."""
    blueprint = Blueprint("signin", __name__)
    brake = Brake(room, secret)

    def shown(problem: str = "", status: int = 200, name: str = "") -> Response:
        is_empty = not room.store.read(users.listed)
        html = render_template("signin.html", problem=problem, name=name, is_empty=is_empty)
        return Response(html, status)

    @blueprint.get("/sign-in")
    def form() -> AnyResponse:
        return redirect(url_for("conversations.home")) if current_user.is_authenticated else shown()

    @blueprint.post("/sign-in")
    def enter() -> AnyResponse:
        name, password = request.form.get("name", "")[:64], request.form.get("password", "")
        if seconds := brake.wait(name):
            log.warning("sign-in held off", action="console_held_off", name=name, address=address())
            again = say("Too often. Try again in {seconds} s.", seconds=math.ceil(seconds))
            answer = shown(again, 429, name)
            answer.headers["Retry-After"] = str(math.ceil(seconds))
            return answer
        user, hashed = room.store.read(lambda tx: users.hash_of(tx, name))
        if not users.is_right(hashed, password[: users.LONGEST_PASSWORD]) or user is None:
            log.warning("sign-in refused", action="console_refused", name=name, address=address())
            return shown(say("Name or password is wrong."), 401, name)
        _begin(room, user)
        entered = redirect(request.script_root + _inside(request.args.get("next", "/")), 303)
        brake.remember(name, entered)
        return entered

    @blueprint.post("/sign-out")
    def leave() -> AnyResponse:
        if current_user.is_authenticated:
            id = current_user.session_id
            room.store.write(lambda tx: users.end_session(tx, id))
        logout_user()
        cookie.clear()
        return redirect(url_for("signin.form"), 303)

    return blueprint


def _begin(room: Room, user: User) -> None:
    now = room.now
    where, browser = address(), request.headers.get("User-Agent", "")

    def work(tx: Transaction) -> str:
        audit.note(tx, user.name, "sign_in", now, details=where)
        return users.begin_session(tx, user.name, now, address=where, browser=browser)

    token = room.store.write(work)
    cookie.clear()  # nothing of before is believed
    login_user(SignedIn(token, 0, user))
    cookie.permanent = True
    log.info("signed in", action="console_signed_in", name=user.name, address=where)


def _inside(path: str) -> str:
    """Return a path of the console to go on at; where it leads anywhere else, the first page."""
    is_inside = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_inside else "/"
