"""The account itself: followers, QR codes, addresses, quotas. Source: docs/platform.md §8 and §9."""

import secrets
from typing import Any
from urllib.parse import quote

from flask import Request, Response

from wxbot.simulator.calls import Interface, body_of
from wxbot.simulator.errcodes import ApiRefusal
from wxbot.simulator.media import DOT
from wxbot.simulator.state import World

_PAGE = 10_000  # openids a page
_LONGEST_QR = 2_592_000  # seconds
_TEMPORARY = {"QR_SCENE": "scene_id", "QR_STR_SCENE": "scene_str"}
_PERMANENT = {"QR_LIMIT_SCENE": "scene_id", "QR_LIMIT_STR_SCENE": "scene_str"}


def _user_info(world: World, call: Request) -> dict[str, Any]:
    openid = call.args.get("openid", "")
    if not openid:
        raise ApiRefusal(41009)
    person = world.state.people.get(openid)
    if person is None:
        raise ApiRefusal(40003)
    if not person.following:
        return {"subscribe": 0, "openid": openid}
    return {
        "subscribe": 1,
        "openid": openid,
        "language": call.args.get("lang", "zh_CN"),
        "subscribe_time": int(person.since),
        "remark": "",
        "groupid": 0,
        "tagid_list": [],
        "subscribe_scene": "ADD_SCENE_QR_CODE" if person.scene else "ADD_SCENE_SEARCH",
        "qr_scene": int(person.scene) if person.scene.isdecimal() else 0,
        "qr_scene_str": "" if person.scene.isdecimal() else person.scene,
    }


def _user_get(world: World, call: Request) -> dict[str, Any]:
    followers = [person.openid for person in world.state.people.values() if person.following]
    after = call.args.get("next_openid", "")
    if after and after not in followers:
        raise ApiRefusal(40003)
    start = followers.index(after) + 1 if after else 0
    page = followers[start : start + _PAGE]
    answer: dict[str, Any] = {"total": len(followers), "count": len(page)}
    if page:
        answer["data"] = {"openid": page}
    return {**answer, "next_openid": page[-1] if page else ""}


def _qrcode(world: World, call: Request) -> dict[str, Any]:
    body = body_of(call)
    name = body.get("action_name")
    field = {**_TEMPORARY, **_PERMANENT}.get(name) if isinstance(name, str) else None
    info = body.get("action_info")
    scene = info.get("scene") if isinstance(info, dict) else None
    value = scene.get(field) if field and isinstance(scene, dict) else None
    if not _is_scene(name, value):
        raise ApiRefusal(40035)
    ticket = "gQ" + secrets.token_urlsafe(60)
    world.state.tickets[ticket] = str(value)
    answer: dict[str, Any] = {"ticket": ticket}
    if name in _TEMPORARY:
        life = body.get("expire_seconds", 30)
        answer["expire_seconds"] = min(life, _LONGEST_QR) if isinstance(life, int) else 30
    return {**answer, "url": f"http://weixin.qq.com/q/{quote(ticket[:22])}"}


def _show_qrcode(world: World, call: Request) -> Response:
    """Return a picture for a ticket: a dot, as nobody can point a camera at it."""
    if call.args.get("ticket", "") not in world.state.tickets:
        return Response("no such ticket", 404)
    return Response(DOT, content_type="image/png")


def _is_scene(name: object, value: object) -> bool:
    if isinstance(value, str):
        return 1 <= len(value) <= 64
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return 1 <= value <= (100_000 if name == "QR_LIMIT_SCENE" else 2**32 - 1)


def _callback_addresses(_: World, __: Request) -> dict[str, Any]:
    return {"ip_list": ["127.0.0.1"]}


def _clear_quota(world: World, call: Request) -> dict[str, Any]:
    if body_of(call).get("appid") != world.config.appid:
        raise ApiRefusal(40013)
    world.state.quota.clear(world.now())
    return {"errcode": 0, "errmsg": "ok"}


INTERFACES = [
    Interface("/cgi-bin/user/info", "GET", _user_info),
    Interface("/cgi-bin/user/get", "GET", _user_get),
    Interface("/cgi-bin/qrcode/create", "POST", _qrcode),
    Interface("/cgi-bin/showqrcode", "GET", _show_qrcode, needs_token=False),
    Interface("/cgi-bin/getcallbackip", "GET", _callback_addresses),
    Interface("/cgi-bin/clear_quota", "POST", _clear_quota),
]
