"""Every message and event the platform pushes: its elements and what stands in them by default.

A value here is the default; text goes out as CDATA, numbers bare, a dict as nested elements, a
list as repeated ones. Source: docs/platform.md §2.2 and §2.3.
"""

from typing import Any

Fields = dict[str, Any]

_PICTURE = "http://mmbiz.qpic.cn/sz_mmbiz_jpg/simulated/0"
_SCAN: Fields = {"EventKey": "scan", "ScanCodeInfo": {"ScanType": "qrcode", "ScanResult": "1"}}
_PHOTOS: Fields = {
    "EventKey": "photo",
    "SendPicsInfo": {"Count": 1, "PicList": {"item": {"PicMd5Sum": "1b5f7c23b5bf75682a53e7b6d163e185"}}},
}
_PLACE: Fields = {"Location_X": 40.0799, "Location_Y": 116.6031, "Scale": 16, "Label": "北京首都国际机场"}
_PRIVACY: Fields = {"OpenID": "", "AppID": "", "RevokeInfo": "201"}

MESSAGES: dict[str, Fields] = {
    "text": {"Content": "你好"},
    "image": {"PicUrl": _PICTURE, "MediaId": "simulated-image"},
    "voice": {"MediaId": "simulated-voice", "Format": "amr", "MediaId16K": "simulated-voice-16k"},
    "video": {"MediaId": "simulated-video", "ThumbMediaId": "simulated-thumb"},
    "shortvideo": {"MediaId": "simulated-video", "ThumbMediaId": "simulated-thumb"},
    "location": _PLACE,
    "link": {"Title": "标题", "Description": "描述", "Url": "https://example.com/"},
    "file": {"Title": "a.pdf", "Description": "", "FileKey": "key", "FileMd5": "0" * 32, "FileTotalLen": 1},
    "miniprogrampage": {
        "Title": "小程序",
        "AppId": "wx0000000000000000",
        "PagePath": "index",
        "ThumbUrl": _PICTURE,
        "ThumbMediaId": "simulated-thumb",
    },
    "device_text": {"DeviceType": "gh", "DeviceID": "1", "Content": "", "SessionID": 1, "OpenID": ""},
}

EVENTS: dict[str, Fields] = {
    "subscribe": {"EventKey": ""},
    "unsubscribe": {"EventKey": ""},
    "SCAN": {"EventKey": "1", "Ticket": "simulated-ticket"},
    "LOCATION": {"Latitude": 40.0799, "Longitude": 116.6031, "Precision": 65.0},
    "CLICK": {"EventKey": "KEY"},
    "VIEW": {"EventKey": "https://example.com/", "MenuId": 430_000_001},
    "view_miniprogram": {"EventKey": "pages/index", "MenuId": 430_000_001},
    "scancode_push": _SCAN,
    "scancode_waitmsg": _SCAN,
    "pic_sysphoto": _PHOTOS,
    "pic_photo_or_album": _PHOTOS,
    "pic_weixin": _PHOTOS,
    "location_select": {"EventKey": "place", "SendLocationInfo": {**_PLACE, "Poiname": ""}},
    "kf_create_session": {"KfAccount": "test1@simulated"},
    "kf_close_session": {"KfAccount": "test1@simulated"},
    "kf_switch_session": {"FromKfAccount": "test1@simulated", "ToKfAccount": "test2@simulated"},
    "TEMPLATESENDJOBFINISH": {"MsgID": 1, "Status": "success"},
    "MASSSENDJOBFINISH": {
        "MsgID": 1,
        "Status": "send success",
        "TotalCount": 1,
        "FilterCount": 1,
        "SentCount": 1,
        "ErrorCount": 0,
    },
    "PUBLISHJOBFINISH": {
        "PublishEventInfo": {
            "publish_id": "1",
            "publish_status": 0,
            "article_id": "a",
            "article_detail": {"count": 1, "item": {"idx": 1, "article_url": "https://example.com/"}},
        }
    },
    "subscribe_msg_popup_event": {
        "SubscribeMsgPopupEvent": {
            "List": {"TemplateId": "T1", "SubscribeStatusString": "accept", "PopupScene": "1"}
        }
    },
    "subscribe_msg_change_event": {
        "SubscribeMsgChangeEvent": {"List": {"TemplateId": "T1", "SubscribeStatusString": "reject"}}
    },
    "subscribe_msg_sent_event": {
        "SubscribeMsgSentEvent": {
            "List": {"TemplateId": "T1", "MsgID": "1", "ErrorCode": "0", "ErrorStatus": "success"}
        }
    },
    "user_info_modified": _PRIVACY,
    "user_authorization_revoke": _PRIVACY,
    "user_authorization_cancellation": _PRIVACY,
    "qualification_verify_success": {"ExpiredTime": 1_900_000_000},
    "qualification_verify_fail": {"FailTime": 1_900_000_000, "FailReason": "by time"},
    "naming_verify_success": {"ExpiredTime": 1_900_000_000},
    "naming_verify_fail": {"FailTime": 1_900_000_000, "FailReason": "by time"},
    "annual_renew": {"ExpiredTime": 1_900_000_000},
    "verify_expired": {"ExpiredTime": 1_900_000_000},
    "card_pass_check": {"CardId": "card"},
    "card_not_pass_check": {"CardId": "card", "RefuseReason": "无"},
    "user_get_card": {"CardId": "card", "IsGiveByFriend": 0, "UserCardCode": "1", "OuterStr": ""},
    "user_gifting_card": {"CardId": "card", "UserCardCode": "1", "IsReturnBack": 0, "IsChatRoom": 0},
    "user_del_card": {"CardId": "card", "UserCardCode": "1"},
    "user_view_card": {"CardId": "card", "UserCardCode": "1", "OuterStr": ""},
    "user_enter_session_from_card": {"CardId": "card", "UserCardCode": "1"},
    "user_consume_card": {"CardId": "card", "UserCardCode": "1", "ConsumeSource": "FROM_API"},
    "user_pay_from_pay_cell": {"CardId": "card", "UserCardCode": "1", "TransId": "1", "Fee": 100},
    "submit_membercard_user_info": {"CardId": "card", "UserCardCode": "1"},
    "update_member_card": {"CardId": "card", "UserCardCode": "1", "ModifyBonus": 1, "ModifyBalance": 0},
    "merchant_order": {"OrderId": "1", "OrderStatus": 2, "ProductId": "1", "SkuInfo": ""},
    "poi_check_notify": {"UniqId": "1", "PoiId": "1", "Result": "succ", "msg": ""},
    "card_sku_remind": {"CardId": "card", "Detail": "the card has 100 left"},
    "card_pay_order": {
        "OrderId": "1",
        "Status": "ORDER_STATUS_FINANCE_SUCC",
        "CreateOrderTime": 1,
        "PayFinishTime": 1,
    },
    "giftcard_pay_done": {"PageId": "page", "OrderId": "1"},
    "giftcard_send_to_friend": {"PageId": "page", "OrderId": "1", "IsChatRoom": "false", "IsReturnBack": "false"},
    "giftcard_user_accept": {"PageId": "page", "OrderId": "1", "IsChatRoom": "false"},
    "user_authorize_invoice": {"SuccOrderId": "1", "FailOrderId": "", "AuthorizeAppId": "", "Source": "web"},
    "ENTER": {},
}

ANSWERABLE = frozenset({"subscribe", "SCAN", "CLICK", "scancode_waitmsg"})  # events whose answer is shown
ACTIONS = ANSWERABLE | {"scancode_push"}  # events that open the one-minute window
