"""The audit trail: who did what, when and to whom, for owners."""

from collections.abc import Mapping

from flask import Blueprint, render_template, request

from wxbot.store import audit
from wxbot.store.outbox_list import NEWEST
from wxbot.web.console.forms import number
from wxbot.web.console.room import Room, page_for, who
from wxbot.web.console.words import say

_PAGE = 100
DEEDS: Mapping[str, str] = {
    "add_user": "let somebody in",
    "answer": "answered a user",
    "cancel": "cancelled a follow-up",
    "cancel_plan": "cancelled a plan",
    "disable": "put somebody out",
    "enable": "let somebody in again",
    "end_session": "ended one of their sessions",
    "end_sessions": "ended somebody's sessions",
    "errand": "began an errand",
    "move_plan": "changed a plan",
    "publish": "published to a topic",
    "replay": "had a failed push handled again",
    "retry": "tried a follow-up again",
    "send_now": "sent a follow-up at once",
    "set_password": "set a password",
    "set_role": "changed a role",
    "sign_in": "signed in",
    "stop_errand": "stopped an errand",
    "subscribe": "subscribed a user",
    "unsubscribe": "unsubscribed a user",
}
_FOLLOW_UPS = {"answer", "cancel", "retry", "send_now"}  # whose target is a follow-up's number


def trail(room: Room) -> Blueprint:
    """Return the page."""
    blueprint = Blueprint("trail", __name__)

    @blueprint.get("/audit")
    @page_for("owner")
    def listed() -> str:
        name, action = request.args.get("name", "").strip()[:64], request.args.get("action", "")
        before = number(request.args.get("before", ""))
        mine = who().account
        found = room.store.read(
            lambda tx: audit.page(
                tx,
                _PAGE + 1,
                NEWEST if before is None else before,
                name=name or None,
                action=action or None,
                account=mine,
            )
        )
        return render_template(
            "trail.html",
            deeds=found[:_PAGE],
            more=found[_PAGE - 1].id if len(found) > _PAGE else None,
            before=before,
            name=name,
            action=action,
            actions=sorted(DEEDS),
            said=deed,
            of_follow_ups=_FOLLOW_UPS,
        )

    return blueprint


def deed(action: str) -> object:
    """Return an action in the page's language; one that has no words yet by its name."""
    return say(DEEDS[action]) if action in DEEDS else action
