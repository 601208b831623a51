"""One topic: who subscribes, what was and will be published, its plan; publishing and moving it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import uuid4

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from wxbot.delivery import plans, queue
from wxbot.delivery.fanout import publish_within
from wxbot.delivery.plans import PlanCard
from wxbot.errors import InvalidMessage, NotFound
from wxbot.protocol.content import MAX_TEXT
from wxbot.protocol.outgoing import FollowUp, check_text, text_message
from wxbot.protocol.topic import check_topic
from wxbot.reply.plan import PlanChange
from wxbot.store import audit, contacts, topic_lists
from wxbot.store import topics as kept
from wxbot.store.engine import Transaction
from wxbot.web.console import live, local
from wxbot.web.console.publications import card_of
from wxbot.web.console.room import Room, page_for, who
from wxbot.web.console.words import language, say

_PAGE = 50
_FRESH = 5.0  # seconds
_LATE = 120.0  # seconds: a time that has only just passed is taken as now
_LONGEST_FACT = 1000  # characters

Answer = Response | str | tuple[str, int]


@dataclass(frozen=True, slots=True)
class Topic:
    """The topic that a request is about."""

    room: Room
    account: str
    name: str

    def to_page(self) -> Response:
        """Send the browser back to its page, where everything is made anew."""
        self.room.live.forget()
        return redirect(url_for("topic.shown", account=self.account, topic=self.name), 303)

    def note(self, tx: Transaction, action: str, *, openid: str | None = None, details: str = "") -> None:
        """Keep what was done, with whose deed it is."""
        about = {"account": self.account, "openid": openid, "target": self.name, "details": details}
        audit.note(tx, who().name, action, self.room.now, **about)  # type: ignore[arg-type]


def topic(room: Room) -> Blueprint:
    """Return the page and what can be done there."""
    blueprint = Blueprint("topic", __name__, url_prefix="/<account>/topics/<topic>")

    def add(path: str, method: str, work: Callable[[Topic], Answer]) -> None:
        @page_for("operator")
        def view(account: str, topic: str) -> Answer:
            return work(Topic(room, account, _checked(topic)))

        name = work.__name__.strip("_")
        blueprint.add_url_rule(path, name, view, methods=[method])

    add("", "GET", _shown)
    add("/publish", "POST", _publish)
    add("/subscribe", "POST", _subscribe)
    add("/unsubscribe", "POST", _unsubscribe)
    add("/plan", "POST", _move)
    add("/plan/cancel", "POST", _cancel)
    return blueprint


def _checked(topic: str) -> str:
    try:
        return check_topic(topic)
    except InvalidMessage:
        abort(404)


def _shown(topic: Topic) -> Answer:
    after, before = request.args.get("after", "")[:128], request.args.get("before", "")
    key = ("topic", language(), topic.account, topic.name, after, before)
    part = topic.room.live.part(key, lambda: _part(topic, after, before), fresh=_FRESH)
    return live.answer(part) if live.is_wanted() else _page(topic, part)


def _page(topic: Topic, part: live.Part, *, opened: str = "", problem: object = "") -> str:
    """Return the page; `opened` names the form that is refused for `problem`, and keeps what was typed."""
    room = topic.room

    def look(tx: Transaction) -> tuple[topic_lists.Reach, PlanCard | None]:
        reach = topic_lists.reach(tx, topic.account, topic.name, room.now)
        return reach, plans.card(tx, topic.account, topic.name)

    reach, card = room.store.read(look)
    return render_template(
        "topic.html",
        part=live.markup(part),
        tag=part.tag,
        topic=topic.name,
        reach=reach,
        plan=card,
        moment=local.typed(card.moment, room.zone) if card else "",
        zone=room.zone.key,
        opened=opened,
        problem=problem,
        typed=request.form,
        nonce=uuid4().hex,
        most=MAX_TEXT,
    )


def _refused(topic: Topic, opened: str, problem: object) -> Answer:
    part = live.Part(_part(topic, "", ""), "", 0.0)
    return _page(topic, part, opened=opened, problem=problem), 422


def _part(topic: Topic, after: str, before: str) -> str:
    now, account, name = topic.room.now, topic.account, topic.name
    upto = {"before": int(before)} if before.isascii() and before.isdecimal() and len(before) < 19 else {}

    def look(tx: Transaction) -> str:
        card = plans.card(tx, account, name)
        published = topic_lists.published(tx, account, name, _PAGE + 1, **upto)
        if card is None and not published and not kept.is_known(tx, account, name):
            abort(404)
        there = kept.subscribers(tx, account, name, limit=_PAGE + 1, after=after)
        return render_template(
            "topic_part.html",
            topic=name,
            reach=topic_lists.reach(tx, account, name, now),
            plan=card,
            publications=[card_of(one, now) for one in published[:_PAGE]],
            older=published[_PAGE - 1].id if len(published) > _PAGE else None,
            subscribers=there[:_PAGE],
            more=there[_PAGE - 1].openid if len(there) > _PAGE else "",
            is_first=not after and not before,
        )

    return topic.room.store.read(look)


def _publish(topic: Topic) -> Answer:
    form, now = request.form, topic.room.now
    text, nonce = form.get("text", "").replace("\r\n", "\n"), form.get("nonce", "")[:64]
    if not text.strip():
        return _refused(topic, "publish", say("There is nothing in it."))
    try:
        due_at = local.moment_of(form["at"], topic.room.zone) if form.get("at") else now
    except ValueError:
        return _refused(topic, "publish", say("This is no time."))
    if due_at < now - _LATE:
        return _refused(topic, "publish", say("This time has passed."))

    def work(tx: Transaction) -> None:
        new = FollowUp(
            message=text_message(text),
            due_at=due_at,
            priority="decisive" if form.get("priority") == "decisive" else "normal",
        )
        check_text(text)
        done = publish_within(tx, topic.account, topic.name, new, key=f"console:{nonce}", now=now)
        if done.is_new:
            topic.note(tx, "publish", details=str(done.id))

    try:
        topic.room.store.write(work)
    except InvalidMessage:
        size = len(text.encode())
        too_long = say("It has {size} bytes, and a text holds {most}: shorten it.", size=size, most=MAX_TEXT)
        return _refused(topic, "publish", too_long)
    except NotFound:
        return _refused(topic, "publish", say("Nobody has subscribed to this topic yet."))
    flash(say("Published.") if due_at <= now else say("It will be published at its time."))
    return topic.to_page()


def _subscribe(topic: Topic) -> Answer:
    openid, now = request.form.get("openid", "").strip()[:128], topic.room.now

    def work(tx: Transaction) -> object:
        found = contacts.show(tx, topic.account, openid)
        if found is None:
            return say("Nobody with this OpenID has ever written or followed.")
        if not found.subscribed:
            return say("They unfollowed: they cannot subscribe until they follow again.")
        if kept.subscribe(tx, topic.account, topic.name, openid, now):
            topic.note(tx, "subscribe", openid=openid)
        return ""

    if problem := topic.room.store.write(work):
        return _refused(topic, "subscribe", problem)
    flash(say("They subscribe to it."))
    return topic.to_page()


def _unsubscribe(topic: Topic) -> Answer:
    openid, now = request.form.get("openid", "")[:128], topic.room.now

    def work(tx: Transaction) -> None:
        if queue.unsubscribe(tx, topic.account, topic.name, openid, now):
            topic.note(tx, "unsubscribe", openid=openid)

    topic.room.store.write(work)
    flash(say("Their subscription has ended, and what waited because of it is cancelled."))
    return topic.to_page()


def _move(topic: Topic) -> Answer:
    try:
        moment = _moved(request.form, topic)
    except ValueError:
        return _refused(topic, "plan", say("This is no time."))
    facts = _new_facts(request.form)
    if any(len(fact) > _LONGEST_FACT for fact in facts.values()):
        return _refused(topic, "plan", say("This is too long."))
    if moment is None and not facts:
        return _refused(topic, "plan", say("Nothing is new in it."))
    tell = bool(request.form.get("tell"))

    def work(tx: Transaction) -> PlanCard:
        if plans.card(tx, topic.account, topic.name) is None:
            abort(404)
        wanted = PlanChange(topic=topic.name, moment=moment, facts=facts, tell=tell)
        card = plans.change(tx, topic.account, wanted, topic.room.now)
        new = [*(["moment"] if moment is not None else []), *facts]
        topic.note(tx, "move_plan", details=", ".join(new))
        return card

    try:
        card = topic.room.store.write(work)
    except InvalidMessage as exc:
        return _refused(topic, "plan", say("It cannot be so: {why}", why=str(exc)))
    flash(say("The plan has moved. Told: {notices}", notices=", ".join(card.told)) if card.told
          else say("The plan has moved."))  # fmt: skip
    return topic.to_page()


def _moved(form: Mapping[str, str], topic: Topic) -> float | None:
    """Return the new moment, None where it was left as it was."""
    text = form.get("moment", "").strip()
    return None if text in ("", form.get("was_moment", "")) else local.moment_of(text, topic.room.zone)


def _new_facts(form: Mapping[str, str]) -> dict[str, str]:
    """Return the facts that were changed: what somebody else changed meanwhile is not set back."""
    facts = {
        name.removeprefix("fact:"): value.strip()
        for name, value in form.items()
        if name.startswith("fact:") and value.strip() != form.get(f"was:{name.removeprefix('fact:')}")
    }
    if name := form.get("name", "").strip():
        facts[name] = form.get("value", "").strip()
    return facts


def _cancel(topic: Topic) -> Answer:
    def work(tx: Transaction) -> bool:
        is_there = plans.cancel(tx, topic.account, topic.name, topic.room.now)
        if is_there:
            topic.note(tx, "cancel_plan")
        return is_there

    if not topic.room.store.write(work):
        abort(404)
    flash(say("The plan is cancelled: what nobody has yet will not come."))
    return topic.to_page()
