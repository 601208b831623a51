"""What a person does on the phone: one action becomes a push, and its answer comes back to the chat."""

import threading
from dataclasses import asdict
from typing import Any

from wxbot.errors import NotFound
from wxbot.simulator.delivery import Attempt, Courier
from wxbot.simulator.people import Item, Person
from wxbot.simulator.pushes import Action, Push, push_of
from wxbot.simulator.replies import Reply
from wxbot.simulator.state import State, World

NOTICE = "该公众号暂时无法提供服务，请稍后再试"
_RESULT_AFTER = 0.1  # seconds between a template's answer and the event with its result


class UserSide:
    """Everybody's phones, talking to one webhook."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.courier = Courier(world)

    def act(self, openid: str, action: Action) -> dict[str, Any]:
        """Let a person do something and return what came of it.

        `{"type": "qrcode", "ticket": …}` is what comes of a code: a follow, or a scan by who follows already.
        Raises NotFound for a type or a ticket that no one knows. Takes as long as the bot does, up to three
        times five seconds; nothing is locked meanwhile.
        """
        done = self._scanned(openid, action) if action.get("type") == "qrcode" else action
        push = push_of(openid, done, int(self._world.now()), self._world.serial())
        self._happened(push)
        attempts = self.courier.deliver(push, keep_nonce=bool(action.get("keep_nonce")))
        reply, failed = self._outcome(push, attempts)
        self._show(push, reply, failed)
        return {
            "attempts": [attempt.shown() for attempt in attempts],
            "reply": asdict(reply) if reply else None,
            "notice": failed,
            "msgid": push.fields.get("MsgId"),
            "created": push.created,
        }

    def _scanned(self, openid: str, action: Action) -> Action:
        with self._world.lock:
            ticket = str(action.get("ticket", ""))
            scene = self._world.state.tickets.get(ticket)
            follows = self._world.meet(openid).following
        if scene is None:
            raise NotFound(f"no QR code has the ticket {ticket!r}; POST /cgi-bin/qrcode/create first")
        return {"type": "SCAN" if follows else "subscribe", "scene": scene, "ticket": ticket}

    def push_later(self, openid: str, action: Action) -> None:
        """Send an event that no person caused, a moment after the call that did."""
        timer = threading.Timer(_RESULT_AFTER, self._push_quietly, (openid, action))
        timer.daemon = True
        timer.start()

    def _push_quietly(self, openid: str, action: Action) -> None:
        self.courier.deliver(push_of(openid, action, int(self._world.now()), self._world.serial()))

    def _happened(self, push: Push) -> None:
        """Note what the platform knows as soon as the user acts, whatever the bot answers."""
        world = self._world
        with world.lock:
            person = world.meet(push.openid)
            _follow_or_leave(person, push)
            if push.grants is not None:
                person.rights.give(push.grants, push.created, unlimited=world.config.rights == "48h")
            _agree(person, push)
            _talk(world.state, push)
            if push.type != "TEMPLATESENDJOBFINISH":
                person.show(Item("out", "user", push.type, _spoken(push), world.now(), push.fields | push.aside))
            world.changed()

    def _outcome(self, push: Push, attempts: list[Attempt]) -> tuple[Reply | None, bool]:
        """Return the reply to show and whether the user reads a failure notice instead."""
        last = attempts[-1]
        failed = push.is_answerable and (last.status != 200 or bool(last.error))
        return None if failed else last.reply, failed

    def _show(self, push: Push, reply: Reply | None, failed: bool) -> None:
        world = self._world
        with world.lock:
            person = world.meet(push.openid)
            if reply is not None and reply.type != "transfer_customer_service":
                person.show(Item("in", "passive", reply.type, reply.text, world.now(), reply.details))
            if failed:
                world.state.ledger.notices += 1
                person.show(Item("in", "notice", "notice", NOTICE, world.now()))
            world.changed()


def _follow_or_leave(person: Person, push: Push) -> None:
    if push.type == "subscribe":
        person.following = person.has_followed = True
        person.since = push.created
        person.scene = str(push.fields.get("EventKey", "")).removeprefix("qrscene_")
    if push.type == "unsubscribe":
        person.following = False
        person.rights.close()


def _talk(state: State, push: Push) -> None:
    """Note with whom of the account a user speaks."""
    if push.type == "kf_close_session":
        state.kf_talks.pop(push.openid, None)
    if push.type in ("kf_create_session", "kf_switch_session"):
        agent = push.fields.get("ToKfAccount") or push.fields.get("KfAccount", "")
        state.kf_talks[push.openid] = str(agent), push.created


def _agree(person: Person, push: Push) -> None:
    """Count the notifications that a user just accepted in the pop-up."""
    popup = push.fields.get("SubscribeMsgPopupEvent")
    asked = popup.get("List", []) if isinstance(popup, dict) else []
    for one in asked if isinstance(asked, list) else [asked]:
        if isinstance(one, dict) and one.get("SubscribeStatusString") == "accept" and "TemplateId" in one:
            person.consents[one["TemplateId"]] = person.consents.get(one["TemplateId"], 0) + 1


def _spoken(push: Push) -> str:
    """Return the line that stands for this action in the chat."""
    if push.type == "text":
        return str(push.fields["Content"])
    key = push.fields.get("EventKey") or push.fields.get("Label") or push.fields.get("Title") or ""
    return f"[{push.type}] {key}".strip()
