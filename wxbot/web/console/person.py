"""One person of the console, as an owner sees them: role, password and sessions, and whether they may sign in."""

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from wxbot.errors import InvalidMessage
from wxbot.store import console_users as users
from wxbot.store.console_users import ROLES, User
from wxbot.store.engine import Transaction
from wxbot.web.console.people import Answer, chosen_role, password_rule, write
from wxbot.web.console.room import Room, page_for, who
from wxbot.web.console.words import say


def person(room: Room) -> Blueprint:
    """Return the page, and what an owner does there."""
    blueprint = Blueprint("person", __name__)

    @blueprint.get("/people/<name>")
    @page_for("owner")
    def shown(name: str) -> str:
        return _person(room, _theirs(room, name))

    @blueprint.post("/people/<name>/role")
    @page_for("owner")
    def role(name: str) -> Answer:
        wanted = chosen_role()
        return _change(room, name, "set_role", lambda tx: users.set_role(tx, name, wanted), wanted)

    @blueprint.post("/people/<name>/disable")
    @page_for("owner")
    def disable(name: str) -> Answer:
        return _change(room, name, "disable", lambda tx: users.disable(tx, name, room.now))

    @blueprint.post("/people/<name>/enable")
    @page_for("owner")
    def enable(name: str) -> Answer:
        return _change(room, name, "enable", lambda tx: users.enable(tx, name))

    @blueprint.post("/people/<name>/sessions")
    @page_for("owner")
    def end_sessions(name: str) -> Answer:
        return _change(room, name, "end_sessions", lambda tx: users.end_sessions(tx, name))

    @blueprint.post("/people/<name>/password")
    @page_for("owner")
    def password(name: str) -> Answer:
        one = _theirs(room, name)
        try:
            hashed = users.hash_password(name, request.form.get("password", ""))
        except InvalidMessage:
            return _person(room, one, password_rule()), 422
        return _change(room, name, "set_password", lambda tx: users.set_password(tx, name, hashed))

    return blueprint


def _person(room: Room, one: User, problem: object = "") -> str:
    now = room.now
    sessions = room.store.read(lambda tx: users.sessions(tx, now, one.name))
    return render_template("person.html", one=one, roles=ROLES, sessions=sessions, problem=problem)


def _theirs(room: Room, name: str) -> User:
    """Return a user whom the owner may change; 404 for all others."""
    found = next((one for one in room.store.read(users.listed) if one.name == name), None)
    mine = who().account
    return found if found and (mine is None or found.account == mine) else abort(404)


def _change(room: Room, name: str, action: str, work: Callable[[Transaction], object], details: str = "") -> Answer:
    one = _theirs(room, name)
    try:
        write(room, action, name, one.account, work, details)
    except InvalidMessage:
        return _person(room, one, say("{name} is the only owner: make another one first.", name=name)), 422
    flash(say("It is done."))
    return redirect(url_for("person.shown", name=name), 303)
