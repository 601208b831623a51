"""The platform's refusals: a number, a sentence and a trace id, always under HTTP 200.

Source: docs/platform.md §7.
"""

import secrets
from typing import Any

from wxbot.errors import WxbotError

TEXTS = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40004: "invalid media type",
    40007: "invalid media_id",
    40008: "invalid message type",
    40009: "invalid image size",
    40010: "invalid voice size",
    40011: "invalid video size",
    40012: "invalid thumb size",
    40013: "invalid appid",
    40014: "invalid access_token",
    40016: "invalid button size",
    40017: "invalid button type",
    40018: "invalid button name size",
    40019: "invalid button key size",
    40020: "invalid button url size",
    40023: "invalid sub button size",
    40024: "invalid sub button type",
    40025: "invalid sub button name size",
    40026: "invalid sub button key size",
    40027: "invalid sub button url size",
    40033: "invalid charset. please check your request, if include \\uxxxx will create fail!",
    40035: "invalid parameter",
    40037: "invalid template_id",
    40066: "invalid url",
    40073: "invalid card id",
    40125: "invalid appsecret",
    40165: "invalid weapp pagepath",
    40166: "invalid weapp appid",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41005: "media data missing",
    41006: "media_id missing",
    41009: "missing openid",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    43004: "require subscribe",
    43101: "user refuse to accept the msg",
    44001: "empty media data",
    44002: "empty post data",
    44003: "empty news data",
    44004: "empty content",
    45002: "content size out of limit",
    45008: "article size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    45050: "custom msg use invalid type",
    45072: "invalid command",
    45080: "message is not in the last 30 seconds",
    45081: "is typing",
    45162: "invalid type of articles",
    46003: "menu no exist",
    47001: "data format error",
    47003: "argument invalid!",
    48001: "api unauthorized",
    48006: "forbid to clear quota because of reaching the limit",
    45056: "too many tag now, no need to add new",
    45058: "can't modify sys tag",
    45059: "can not add more tags to a user",
    45157: "invalid tag name",
    45158: "tag name too long",
    45159: "invalid tag id",
    40032: "invalid openid list size",
    61452: "invalid kf_account",
    65301: "not exist conditional menu",
    65302: "no such user",
    65303: "there is no selfmenu, please create selfmenu first",
    65304: "match rule empty",
    65316: "too many domains in conditional menus",
    65320: "match rule with private data is not supported",
    65400: "please enable new custom service, or wait for a while if you have enabled",
    65401: "invalid custom service account",
    65413: "customer session does not exist",
    65414: "customer is accepted by others",
    65415: "worker is not online",
}


class ApiRefusal(WxbotError):
    """The simulated platform says no; the view turns it into the JSON answer."""

    def __init__(self, errcode: int, errmsg: str = "") -> None:
        super().__init__(f"errcode {errcode}")
        self.errcode, self.errmsg = errcode, errmsg or TEXTS.get(errcode, "refused")


def refusal(errcode: int, now: float, errmsg: str = "") -> dict[str, Any]:
    """Return the body of a refusal, with a fresh trace id whose first part is the time."""
    rid = f"{int(now) & 0xFFFFFFFF:08x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
    return {"errcode": errcode, "errmsg": f"{errmsg or TEXTS.get(errcode, 'refused')} rid: {rid}"}
