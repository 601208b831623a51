"""Pushes whose handler failed: what the user wrote, what went wrong, and another try."""

from dataclasses import dataclass

from flask import Blueprint, abort, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from wxbot.store import audit, pushes
from wxbot.store.engine import Transaction
from wxbot.store.outbox_list import NEWEST
from wxbot.store.pushes import StoredPush
from wxbot.web.console import live, told
from wxbot.web.console.forms import here, number
from wxbot.web.console.outbox import tabs
from wxbot.web.console.room import Room, page_for, who
from wxbot.web.console.told import Told
from wxbot.web.console.words import language, say

_PAGE = 50


@dataclass(frozen=True, slots=True)
class Row:
    """A failed push, and what it says."""

    push: StoredPush
    told: Told


def failed_pushes(room: Room) -> Blueprint:
    """Return the page."""
    blueprint = Blueprint("failed_pushes", __name__)

    @blueprint.get("/<account>/pushes/failed")
    @page_for("operator")
    def listed(account: str) -> Response | str:
        before = number(request.args.get("before", ""))
        key = ("failed_pushes", language(), account, str(before))
        part = room.live.part(key, lambda: _part(room, account, before))
        if live.is_wanted():
            return live.answer(part)
        return render_template("failed_pushes.html", part=live.markup(part), tag=part.tag)

    @blueprint.post("/<account>/pushes/failed")
    @page_for("operator")
    def replay(account: str) -> Response:
        id, now, name = number(request.form.get("replay", "")) or abort(400), room.now, who().name

        def work(tx: Transaction) -> bool:
            found = pushes.show(tx, account, id)
            if found is None or not pushes.reopen(tx, account, id):
                return False
            audit.note(tx, name, "replay", now, account=account, openid=found.openid, target=str(id))
            return True

        done = room.store.write(work)
        room.live.forget()
        text = say("It is handled again; the answer goes out as a follow-up.")
        flash(text if done else say("It is not a failed one any more."))
        return redirect(here(), 303)

    return blueprint


def _part(room: Room, account: str, before: int | None) -> str:
    def look(tx: Transaction) -> str:
        found = pushes.failed(tx, account, NEWEST if before is None else before, _PAGE + 1)
        return render_template(
            "failed_pushes_part.html",
            tabs=tabs(tx, account),
            rows=[Row(one, told.push(one.body)) for one in found[:_PAGE]],
            more=found[_PAGE - 1].id if len(found) > _PAGE else None,
        )

    return room.store.read(look)
