"""Who may sign in, with which role; an owner lets somebody in."""

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wxbot.errors import InvalidMessage
from wxbot.store import audit
from wxbot.store import console_users as users
from wxbot.store.console_users import ROLES, SHORTEST_PASSWORD, Role
from wxbot.store.engine import Transaction
from wxbot.web.console.room import Room, page_for, who
from wxbot.web.console.words import say

Answer = Response | tuple[str, int]


def people(room: Room) -> Blueprint:
    """Return the list, with a form to let somebody in."""
    blueprint = Blueprint("people", __name__)

    @blueprint.get("/people")
    @page_for("owner")
    def listed() -> str:
        return _list(room)

    @blueprint.post("/people")
    @page_for("owner")
    def add() -> Answer:
        name, role = request.form.get("name", "").strip(), chosen_role()
        account = _account(room)
        try:
            hashed = users.hash_password(name, request.form.get("password", ""))
        except InvalidMessage:
            return _list(room, password_rule(), name, role, account), 422
        try:
            write(room, "add_user", name, account,
                  lambda tx: users.add(tx, name, hashed, role, account, room.now), role)  # fmt: skip
        except InvalidMessage:
            rule = say("A name has 1 to 64 of A-Z, a-z, 0-9 and _ . @ -, and nobody else has it.")
            return _list(room, rule, name, role, account), 422
        flash(say("{name} can sign in now.", name=name))
        return redirect(url_for("person.shown", name=name), 303)

    return blueprint


def _list(
    room: Room, problem: object = "", name: str = "", role: Role = "agent", account: str | None = None
) -> str:
    """Return the page; the rest is what was typed and could not be."""
    mine = who().account
    found = [one for one in room.store.read(users.listed) if mine is None or one.account == mine]
    return render_template(
        "people.html", people=found, roles=ROLES, problem=problem, name=name, role=role, chosen=account
    )


def chosen_role() -> Role:
    """Return the role that the form says; 400 for none."""
    wanted = request.form.get("role")
    return next((role for role in ROLES if role == wanted), None) or abort(400)


def _account(room: Room) -> str | None:
    """Return which account a new user is kept to: who sees one account only lets nobody see more."""
    wanted = request.form.get("account") or who().account
    if wanted is not None and not (wanted in room.readers and who().sees(wanted)):
        abort(400)
    return wanted


def write(
    room: Room,
    action: str,
    name: str,
    account: str | None,
    work: Callable[[Transaction], object],
    details: str = "",
) -> None:
    """Do this to somebody of an account, and note who did."""
    now, by = room.now, who().name

    def noted(tx: Transaction) -> None:
        work(tx)
        audit.note(tx, by, action, now, account=account, target=name, details=details)

    room.store.write(noted)


def password_rule() -> object:
    """Return what a password must be."""
    text = "A password has at least {least} characters, five different ones among them, and not the name in it."
    return say(text, least=SHORTEST_PASSWORD)
