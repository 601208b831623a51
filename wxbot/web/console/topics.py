"""The topics of an account by name: how many subscribe, and whether there is a plan."""

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from wxbot.protocol.topic import MAX_TOPIC
from wxbot.store import topic_lists
from wxbot.web.console import live
from wxbot.web.console.room import Room, page_for
from wxbot.web.console.words import language

_FRESH = 5.0  # seconds
_PAGE = 50


def topics(room: Room) -> Blueprint:
    """Return the page."""
    blueprint = Blueprint("topics", __name__)

    @blueprint.get("/<account>/topics")
    @page_for("operator")
    def listed(account: str) -> Response | str:
        q = request.args.get("q", "").strip()[:MAX_TOPIC]
        after = request.args.get("after", "")[:MAX_TOPIC]
        part = room.live.part(
            ("topics", language(), account, q, after), lambda: _part(room, account, q, after), fresh=_FRESH
        )
        if live.is_wanted():
            return live.answer(part)
        return render_template("topics.html", part=live.markup(part), tag=part.tag, q=q)

    return blueprint


def _part(room: Room, account: str, q: str, after: str) -> str:
    found = room.store.read(lambda tx: topic_lists.named(tx, account, q, after, _PAGE + 1))
    more = found[_PAGE - 1].topic if len(found) > _PAGE else ""
    return render_template("topics_part.html", topics=found[:_PAGE], more=more, q=q)
