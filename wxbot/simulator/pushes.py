"""Building a push: one user's action as the XML that the platform would post.

Written by hand with CDATA, as the platform does, and not with wxbot's own code, so that each
side checks the other. Source: docs/platform.md §2.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wxbot.errors import NotFound, SettingsError
from wxbot.simulator.kinds import ACTIONS, ANSWERABLE, EVENTS, MESSAGES, Fields
from wxbot.simulator.rights import GrantClass

Action = Mapping[str, Any]

# What XML 1.0 cannot carry at all. The rest of the control characters would break every parser.
_IMPOSSIBLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Push:
    """One push, the same through all its deliveries."""

    openid: str
    type: str  # the action's name: a MsgType, or an Event
    is_event: bool
    created: int  # Unix seconds
    fields: Fields
    aside: Fields = field(default_factory=dict)  # what the phone shows and no push tells: a voice's `seconds`

    @property
    def is_answerable(self) -> bool:
        """Whether the user sees the answer, and misses it when there is none."""
        return not self.is_event or self.type in ANSWERABLE

    @property
    def grants(self) -> GrantClass | None:
        """What this push allows the account to send afterwards."""
        if self.is_event:
            return "action" if self.type in ACTIONS else None
        return "action" if "bizmsgmenuid" in self.fields else "message"

    def xml(self, account: str) -> bytes:
        """Return the plain body, addressed to the account's original ID."""
        head: Fields = {"ToUserName": account, "FromUserName": self.openid, "CreateTime": self.created}
        if self.is_event:
            head |= {"MsgType": "event", "Event": self.type}
        else:
            head |= {"MsgType": self.type}
        return elements({"xml": head | self.fields})


def push_of(openid: str, action: Action, created: int, msgid: int) -> Push:
    """Return the push for an action such as `{"type": "text", "content": "你好"}`.

    An element is set by its name in any case, with or without underscores; `fields` overrides
    whole elements by their exact names, `phone` is for the phone only. Raises NotFound for an unknown
    type without `fields`; with them it is sent as an event, or as a message when `"message": true`.
    Raises SettingsError when `fields`, `phone` or `createtime` has the wrong shape.
    """
    more, aside = (_mapping(action, name) for name in ("fields", "phone"))
    kind = action.get("type")
    if not isinstance(kind, str) or (kind not in MESSAGES and kind not in EVENTS and "fields" not in action):
        raise NotFound(f"no push type {kind!r}; known: {', '.join([*MESSAGES, *EVENTS])}")
    is_event = kind not in MESSAGES and not action.get("message")
    given = {_plain(name): value for name, value in action.items()}
    fields = _filled((EVENTS if is_event else MESSAGES).get(kind, {}), given)
    for extra in ("bizmsgmenuid", "Recognition", "MsgDataId", "Idx", "Ticket"):
        if _plain(extra) in given:
            fields[extra] = given[_plain(extra)]
    if "scene" in given:
        fields["EventKey"] = f"qrscene_{given['scene']}" if kind == "subscribe" else str(given["scene"])
        fields.setdefault("Ticket", "simulated-ticket")
    if not is_event:
        fields["MsgId"] = given.get("msgid", msgid)
    return Push(openid, kind, is_event, _created(given, created), fields | more, aside)


def _mapping(action: Action, name: str) -> Fields:
    value = action.get(name, {})
    if not isinstance(value, dict):
        raise SettingsError(f"{name}: {value!r} is no JSON object")
    return value


def _created(given: Fields, created: int) -> int:
    try:
        return int(given.get("createtime", created))
    except (TypeError, ValueError, OverflowError):
        raise SettingsError(f"createtime: {given['createtime']!r} is no number of Unix seconds") from None


def elements(tree: Mapping[str, Any]) -> bytes:
    """Return nested values as XML: text in CDATA, numbers bare, lists as repeated elements."""
    return "".join(f"<{name}>{_value(one)}</{name}>" for name, one in _repeated(tree)).encode()


def _repeated(tree: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, one) for name, value in tree.items() for one in (value if isinstance(value, list) else [value])]


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "\n" + elements(value).decode() + "\n"
    if isinstance(value, int | float):
        return str(value)
    text = _IMPOSSIBLE.sub("", "" if value is None else str(value))
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def _filled(template: Fields, given: Fields) -> Fields:
    """Return the template's elements with what the action says about them."""
    return {
        name: _filled(default, given) if isinstance(default, dict) else given.get(_plain(name), default)
        for name, default in template.items()
    }


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
