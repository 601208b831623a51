"""One follow-up: all that happened to it and why, what would have to happen now, and what may be done."""

from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template
from werkzeug.wrappers import Response

from wxbot.delivery.explain import Explanation, Step, explanation
from wxbot.protocol.reaction import meaning
from wxbot.store import outbox
from wxbot.store.engine import Transaction
from wxbot.web.console import acting, live
from wxbot.web.console.follow_ups import line_of
from wxbot.web.console.forms import here
from wxbot.web.console.reasons import reason
from wxbot.web.console.room import Room, page_for, who
from wxbot.web.console.words import language, say


@dataclass(frozen=True, slots=True)
class Told:
    """A step in the page's language; `also` is an errcode's meaning in the other one."""

    step: Step
    why: str
    also: str
    grant: str  # message | action | "" for none


def follow_up(room: Room) -> Blueprint:
    """Return the page."""
    blueprint = Blueprint("follow_up", __name__)

    @blueprint.get("/<account>/outbox/<int(max=9223372036854775807):id>")
    @page_for("agent")
    def shown(account: str, id: int) -> Response | str:
        is_operator = who().may("operator")
        key = ("follow_up", language(), account, str(id), str(is_operator))
        part = room.live.part(key, lambda: _part(room, account, id, is_operator=is_operator))
        if live.is_wanted():
            return live.answer(part)
        return render_template("follow_up.html", part=live.markup(part), tag=part.tag, id=id)

    @blueprint.post("/<account>/outbox/<int(max=9223372036854775807):id>")
    @page_for("operator")
    def act(account: str, id: int) -> Response:
        wanted, ids = acting.wanted() or abort(400)
        if ids != [id]:
            abort(400)
        acting.do(room, account, wanted, ids)
        return redirect(here(), 303)

    return blueprint


def _part(room: Room, account: str, id: int, *, is_operator: bool) -> str:
    now = room.now

    def look(tx: Transaction) -> str:
        found = outbox.show(tx, account, id)
        if found is None:
            abort(404)
        story = explanation(tx, account, id, now)
        return render_template(
            "follow_up_part.html",
            one=found,
            line=line_of(found, now),
            steps=[_told(step) for step in story.steps],
            now=_now(story),
            acts=acting.fitting(found, now) if is_operator else [],
        )

    return room.store.read(look)


def _told(step: Step) -> Told:
    grant = step.grant.partition(":")[0]
    if not step.errcode:
        return Told(step, reason(step.why), "", grant)
    known = meaning(step.errcode)
    texts = (known.zh, known.en) if language() == "zh" else (known.en, known.zh)
    return Told(step, f"{step.errcode} {texts[0]}", texts[1], grant)


def _now(story: Explanation) -> object:
    """Return what would have to happen now, where buttons do what elsewhere commands do."""
    match story.state:
        case "refused":
            return say("The platform refused it, and it will not be sent. Mend the reason, then try again.")
        case "doubtful":
            return say(
                "It may have arrived or not. A person decides: try again, and it may arrive twice, or cancel."
            )
        case _:
            return story.now_zh if language() == "zh" else story.now_en
