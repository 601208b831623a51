"""Where somebody is signed in: their own sessions, to be ended, and their own password."""

import math

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from wxbot.errors import InvalidMessage
from wxbot.store import audit
from wxbot.store import console_users as users
from wxbot.store.engine import Transaction
from wxbot.web.console.forms import number
from wxbot.web.console.people import Answer, password_rule
from wxbot.web.console.room import Room, page_for, who
from wxbot.web.console.words import say
from wxbot.web.rate import Rate

_TRIES, _EACH = 5, 20.0  # of the old password at once, and seconds until one more


def own_sessions(room: Room) -> Blueprint:
    """Return the page, and what is done there."""
    blueprint = Blueprint("own_sessions", __name__)
    brake = Rate(1 / _EACH, room.clock.monotonic, burst=_TRIES)

    @blueprint.get("/sessions")
    @page_for("agent")
    def shown() -> str:
        return _page(room)

    @blueprint.post("/sessions/end")
    @page_for("agent")
    def end() -> Response:
        id = number(request.form.get("session", "")) or abort(400)
        return _end(room, [id])

    @blueprint.post("/sessions/end-others")
    @page_for("agent")
    def end_others() -> Response:
        return _end(room, [one.id for one in _own(room) if one.id != current_user.session_id])

    @blueprint.post("/sessions/password")
    @page_for("agent")
    def password() -> Answer:
        name, old, new = who().name, request.form.get("old", ""), request.form.get("new", "")
        if seconds := brake.wait(name):
            again = say("Too often. Try again in {seconds} s.", seconds=math.ceil(seconds))
            return _page(room, again), 429
        _, hashed = room.store.read(lambda tx: users.hash_of(tx, name))
        if not users.is_right(hashed, old[: users.LONGEST_PASSWORD]):
            return _page(room, say("The old password is wrong.")), 422
        try:
            replacing = users.hash_password(name, new)
        except InvalidMessage:
            return _page(room, password_rule()), 422
        _replace(room, name, replacing)
        flash(say("Your password is new. Sign in with it."))
        return redirect(url_for("signin.form"), 303)

    return blueprint


def _replace(room: Room, name: str, hashed: str) -> None:
    now, account = room.now, who().account

    def work(tx: Transaction) -> None:
        users.set_password(tx, name, hashed)
        audit.note(tx, name, "set_password", now, account=account, target=name)

    room.store.write(work)


def _own(room: Room) -> list[users.Session]:
    now, name = room.now, who().name
    return room.store.read(lambda tx: users.sessions(tx, now, name))


def _page(room: Room, problem: object = "") -> str:
    current = current_user.session_id
    return render_template("own_sessions.html", sessions=_own(room), current=current, problem=problem)


def _end(room: Room, ids: list[int]) -> Response:
    """End those of these sessions that are one's own."""
    now, name, account = room.now, who().name, who().account

    def work(tx: Transaction) -> None:
        own = {one.id for one in users.sessions(tx, now, name)}
        for id in own.intersection(ids):
            users.end_session(tx, id)
            audit.note(tx, name, "end_session", now, account=account, target=name, details=str(id))

    room.store.write(work)
    flash(say("It is done."))
    return redirect(url_for("own_sessions.shown"), 303)
