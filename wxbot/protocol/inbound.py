"""From a push's bytes to its typed value: which class stands for which MsgType and Event."""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields as dataclass_fields
from typing import Any

from wxbot.errors import MalformedPush
from wxbot.protocol import account_events, card_events, events, messages, report_events
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
SPELLED: Mapping[str, type[events.Event]] = {  # as the platform writes them
    "subscribe": events.SubscribeEvent,
    "unsubscribe": events.UnsubscribeEvent,
    "SCAN": events.ScanEvent,
    "LOCATION": events.LocationEvent,
    "CLICK": events.ClickEvent,
    "VIEW": events.ViewEvent,
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
    "TEMPLATESENDJOBFINISH": report_events.TemplateSendJobFinishEvent,
    "MASSSENDJOBFINISH": report_events.MassSendJobFinishEvent,
    "PUBLISHJOBFINISH": report_events.PublishJobFinishEvent,
    "subscribe_msg_popup_event": report_events.SubscribeMsgPopupEvent,
    "subscribe_msg_change_event": report_events.SubscribeMsgChangeEvent,
    "subscribe_msg_sent_event": report_events.SubscribeMsgSentEvent,
    "user_info_modified": account_events.PrivacyEvent,
    "user_authorization_revoke": account_events.PrivacyEvent,
    "user_authorization_cancellation": account_events.PrivacyEvent,
    "qualification_verify_success": account_events.VerifiedEvent,
    "naming_verify_success": account_events.VerifiedEvent,
    "annual_renew": account_events.VerifiedEvent,
    "verify_expired": account_events.VerifiedEvent,
    "qualification_verify_fail": account_events.VerificationFailedEvent,
    "naming_verify_fail": account_events.VerificationFailedEvent,
    "card_pass_check": card_events.CardCheckEvent,
    "card_not_pass_check": card_events.CardCheckEvent,
    "user_get_card": card_events.UserGetCardEvent,
    "user_gifting_card": card_events.UserGiftingCardEvent,
    "user_del_card": card_events.CardEvent,
    "user_view_card": card_events.CardEvent,
    "user_enter_session_from_card": card_events.CardEvent,
    "submit_membercard_user_info": card_events.CardEvent,
    "user_consume_card": card_events.UserConsumeCardEvent,
    "user_pay_from_pay_cell": card_events.UserPayFromPayCellEvent,
    "update_member_card": card_events.UpdateMemberCardEvent,
    "card_sku_remind": card_events.CardSkuRemindEvent,
    "card_pay_order": card_events.CardPayOrderEvent,
    "merchant_order": card_events.MerchantOrderEvent,
    "giftcard_pay_done": card_events.GiftCardEvent,
    "giftcard_send_to_friend": card_events.GiftCardEvent,
    "giftcard_user_accept": card_events.GiftCardEvent,
    "user_authorize_invoice": card_events.InvoiceEvent,
    "poi_check_notify": account_events.PoiCheckNotifyEvent,
    "ENTER": account_events.EnterEvent,
    # Of other products, in shapes of their own: their fields are kept as they come.
    **dict.fromkeys(
        (
            "submit_invoice_title",
            "cloud_invoice_invoiceresult_event",
            "ShakearoundUserShake",
            "WifiConnected",
            "user_scan_product",
            "user_scan_product_enter_session",
            "user_scan_product_async",
            "user_scan_product_verify_action",
            "wxa_media_check",
            "weapp_audit_success",
            "weapp_audit_fail",
            "weapp_audit_delay",
            "create_map_poi_audit_info",
            "apply_merchant_audit_info",
            "add_store_audit_info",
            "modify_store_audit_info",
        ),
        events.UnknownEvent,
    ),
}
EVENTS: Mapping[str, type[events.Event]] = {name.lower(): cls for name, cls in SPELLED.items()}
# Where the platform spells one field in two ways, the second is read when the first is absent.
OTHER_SPELLINGS = {
    "MsgId": "MsgID",
    "MsgID": "MsgId",
    "MenuId": "MenuID",
    "AppId": "AppID",
    "AppID": "AppId",
    "OpenID": "OpenId",
    "UnionId": "UnionID",
    "Msg": "msg",
}

MAX_NAME = 128  # characters of an openid or a type: they become keys in the store
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)


def read(body: bytes) -> Push:
    """Return the typed push in a plaintext body; raises MalformedPush when it is not one."""
    return typed(parse(body))


def typed(fields: Fields) -> Push:
    """Return the typed push of parsed fields; an unknown type becomes UnknownMessage or UnknownEvent."""
    for name in ("ToUserName", "FromUserName", "MsgType"):
        text = text_of(fields, name)
        if not text.strip() or len(text) > MAX_NAME:
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


def _whole(text: str) -> int:
    return int(number(text.strip()))


def _slots(cls: type[Push]) -> list[tuple[str, Callable[[str], Any]]]:
    """Return each field's name and the conversion from its text."""
    convert: dict[Any, Callable[[str], Any]] = {int: _whole, float: number, str: str}
    return [(slot.name, convert[slot.type]) for slot in dataclass_fields(cls) if slot.name != "fields"]


_KNOWN = {*MESSAGES.values(), *EVENTS.values(), messages.UnknownMessage, events.UnknownEvent}
_SLOTS = {cls.__name__: _slots(cls) for cls in _KNOWN}
