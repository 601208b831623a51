"""Sending to one person: customer-service messages, the typing state, templates, notifications.

Source: docs/platform.md §5, §6 and §9.
"""

import re
from typing import Any

from flask import Request, g

from wxbot.simulator.calls import SEND, Interface, body_of
from wxbot.simulator.custom import shown_text
from wxbot.simulator.errcodes import ApiRefusal
from wxbot.simulator.faults import UNDELIVERED
from wxbot.simulator.ledger import NEVER_FOLLOWED
from wxbot.simulator.people import Item, Person
from wxbot.simulator.posted import text_of
from wxbot.simulator.rights import WINDOW_CLOSED
from wxbot.simulator.state import World
from wxbot.simulator.user_side import UserSide

_MARK = re.compile(r"#(\d+)")
_OK: dict[str, Any] = {"errcode": 0, "errmsg": "ok"}
_TYPING_AFTER = 30  # seconds since the last exchange in which typing may be shown
_TYPING_LASTS = 15  # seconds
_KEY_MEMORY = 600  # seconds in which a client_msg_id is sent once


def _send(world: World, call: Request) -> dict[str, Any]:
    body, now = body_of(call), world.now()
    text = shown_text(body, lambda media_id: world.state.shelf.is_usable(media_id, now))
    person = _recipient(world, body)
    refused = person.rights.refusal(now)
    if refused == WINDOW_CLOSED and not person.has_followed:
        refused = NEVER_FOLLOWED
    if refused is not None:
        raise ApiRefusal(refused)
    person.rights.spend(now)
    ledger, mark = world.state.ledger, _MARK.search(text)
    ledger.accepted += 1
    ledger.duplicates += person.is_repeat(call.get_data(), now)
    ledger.out_of_order += mark is not None and person.is_late(int(mark[1]))
    kind = str(body["msgtype"])
    person.show(Item("in", "custom", kind, text, now, body[kind]))
    return _OK


def _typing(world: World, call: Request) -> dict[str, Any]:
    body, now = body_of(call), world.now()
    person = _recipient(world, body)
    command = body.get("command")
    if command not in ("Typing", "CancelTyping"):
        raise ApiRefusal(45072)
    refused = person.rights.refusal(now)
    if refused is not None:
        raise ApiRefusal(refused)
    if now - person.last_exchange > _TYPING_AFTER:
        raise ApiRefusal(45080)
    if command == "Typing" and now < person.typing_until:
        raise ApiRefusal(45081)
    person.typing_until = now + _TYPING_LASTS if command == "Typing" else 0.0
    return _OK


def _recipient(world: World, body: dict[str, Any]) -> Person:
    person = world.state.people.get(text_of(body.get("touser")))
    if person is None:
        raise ApiRefusal(40003)
    return person


class _Notices:
    """Template messages and subscription notifications; the result follows as an event of its own."""

    def __init__(self, user_side: UserSide) -> None:
        self._user_side = user_side

    def template(self, world: World, call: Request) -> dict[str, Any]:
        """Take one template message; an equal client_msg_id within ten minutes gets the first answer."""
        body, now = body_of(call), world.now()
        person = _recipient(world, body)
        _check_notice(body)
        if not person.following:
            raise ApiRefusal(43004)
        key = text_of(body.get("client_msg_id"))
        known = world.state.template_keys.get(f"{person.openid} {key}")
        if key and known and now - known[1] < _KEY_MEMORY:
            return {**_OK, "msgid": known[0]}
        msgid = world.serial()
        if key:
            world.state.template_keys[f"{person.openid} {key}"] = (msgid, now)
        failed = _undelivered()
        if not failed:
            self._shown(world, person, "template", body)
        result = {"type": "TEMPLATESENDJOBFINISH", "fields": {"MsgID": msgid, "Status": failed or "success"}}
        self._user_side.push_later(person.openid, result)
        return {**_OK, "msgid": msgid}

    def subscription(self, world: World, call: Request) -> dict[str, Any]:
        """Take one notification, which uses up one consent of the user's for this template."""
        body = body_of(call)
        person = _recipient(world, body)
        _check_notice(body)
        template = str(body["template_id"])
        if person.consents.get(template, 0) < 1:
            raise ApiRefusal(43101)
        person.consents[template] -= 1
        msgid = world.serial()
        failed = _undelivered()
        if not failed:
            self._shown(world, person, "subscription", body)
        outcome = {"ErrorCode": "-1" if failed else "0", "ErrorStatus": failed or "success"}
        sent = {"TemplateId": template, "MsgID": str(msgid), **outcome}
        fields = {"SubscribeMsgSentEvent": {"List": sent}}
        self._user_side.push_later(person.openid, {"type": "subscribe_msg_sent_event", "fields": fields})
        return {**_OK, "msgid": msgid}

    def _shown(self, world: World, person: Person, kind: str, body: dict[str, Any]) -> None:
        world.state.ledger.templates += 1
        lines = [f"{name}：{part.get('value', '')}" for name, part in body["data"].items()]
        person.show(Item("in", "template", kind, "\n".join(lines), world.now(), body))


def _undelivered() -> str:
    """Return why this call's message does not reach the phone, "" when it does: a fault decides."""
    fault = g.get("fault")
    return fault.status if fault is not None and fault.kind == UNDELIVERED else ""


def _check_notice(body: dict[str, Any]) -> None:
    template, data = text_of(body.get("template_id")), body.get("data")
    if not template or template.startswith("bad"):
        raise ApiRefusal(40037)
    if not isinstance(data, dict) or not all(isinstance(part, dict) for part in data.values()):
        raise ApiRefusal(47003)


def interfaces(user_side: UserSide) -> list[Interface]:
    """Return the interfaces; `user_side` delivers the results of templates."""
    notices = _Notices(user_side)
    return [
        Interface(SEND, "POST", _send),
        Interface("/cgi-bin/message/custom/typing", "POST", _typing),
        Interface("/cgi-bin/message/template/send", "POST", notices.template),
        Interface("/cgi-bin/message/subscribe/bizsend", "POST", notices.subscription),
    ]
