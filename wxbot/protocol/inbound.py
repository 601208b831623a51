"""From a push's bytes to its typed value: which class stands for which MsgType and Event."""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields as dataclass_fields
from typing import Any

from wxbot.errors import MalformedPush
from wxbot.protocol import events, messages
from wxbot.protocol.messages import Push
from wxbot.protocol.wire import Fields, number, parse, text_of

MESSAGES: Mapping[str, type[messages.Message]] = {
    "text": messages.TextMessage,
    "image": messages.ImageMessage,
    "voice": messages.VoiceMessage,
    "video": messages.VideoMessage,
    "shortvideo": messages.VideoMessage,
    "location": messages.LocationMessage,
    "link": messages.LinkMessage,
    "file": messages.FileMessage,
    "miniprogrampage": messages.MiniProgramPageMessage,
    "device_text": messages.DeviceMessage,
    "device_event": messages.DeviceMessage,
    "device_status": messages.DeviceMessage,
    "hardware": messages.DeviceMessage,
}
EVENTS: Mapping[str, type[events.Event]] = {
    "subscribe": events.SubscribeEvent,
    "unsubscribe": events.UnsubscribeEvent,
    "scan": events.ScanEvent,
    "location": events.LocationEvent,
    "click": events.ClickEvent,
    "view": events.ViewEvent,
    "view_miniprogram": events.ViewEvent,
    "scancode_push": events.ScanCodeEvent,
    "scancode_waitmsg": events.ScanCodeEvent,
    "pic_sysphoto": events.PicturesEvent,
    "pic_photo_or_album": events.PicturesEvent,
    "pic_weixin": events.PicturesEvent,
    "location_select": events.LocationSelectEvent,
    "kf_create_session": events.KfSessionEvent,
    "kf_close_session": events.KfSessionEvent,
    "kf_switch_session": events.KfSwitchEvent,
    "templatesendjobfinish": events.TemplateSendJobFinishEvent,
    "subscribe_msg_sent_event": events.SubscribeMsgSentEvent,
}
# Where the platform spells one field in two ways, the second is read when the first is absent.
OTHER_SPELLINGS = {"MsgId": "MsgID", "MsgID": "MsgId", "MenuId": "MenuID", "AppId": "AppID"}

MAX_NAME = 128  # characters of an openid or a type: they become keys in the store
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)


def read(body: bytes) -> Push:
    """Return the typed push in a plaintext body; raises MalformedPush when it is not one."""
    return typed(parse(body))


def typed(fields: Fields) -> Push:
    """Return the typed push of parsed fields; an unknown type becomes UnknownMessage or UnknownEvent."""
    for name in ("ToUserName", "FromUserName", "MsgType"):
        if not 1 <= len(text_of(fields, name)) <= MAX_NAME:
            raise MalformedPush(f"the push has no {name}, or one longer than {MAX_NAME} characters")
    if not _SECONDS.fullmatch(text_of(fields, "CreateTime").strip()):
        raise MalformedPush(f"CreateTime is not Unix seconds: {text_of(fields, 'CreateTime')[:40]!r}")
    return _fill(_class_of(fields), fields)


def _class_of(fields: Fields) -> type[Push]:
    msgtype = text_of(fields, "MsgType").lower()
    if msgtype == "event":
        return EVENTS.get(text_of(fields, "Event").lower(), events.UnknownEvent)
    return MESSAGES.get(msgtype, messages.UnknownMessage)


def _fill(cls: type[Push], fields: Fields) -> Push:
    values: dict[str, Any] = {name: convert(_text(fields, name)) for name, convert in _SLOTS[cls.__name__]}
    return cls(**values, fields=fields)


def _text(fields: Fields, name: str) -> str:
    return text_of(fields, name) or text_of(fields, OTHER_SPELLINGS.get(name, name))


def _slots(cls: type[Push]) -> list[tuple[str, Callable[[str], Any]]]:
    """Return each field's name and the conversion from its text."""
    convert: dict[Any, Callable[[str], Any]] = {int: int, float: number, str: str}
    return [(slot.name, convert[slot.type]) for slot in dataclass_fields(cls) if slot.name != "fields"]


_KNOWN = {*MESSAGES.values(), *EVENTS.values(), messages.UnknownMessage, events.UnknownEvent}
_SLOTS = {cls.__name__: _slots(cls) for cls in _KNOWN}
