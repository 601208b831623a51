"""The account itself: QR codes, addresses, quotas. Source: docs/platform.md §8 and §9."""

import secrets
from typing import Any
from urllib.parse import quote

from flask import Request, Response

from wxbot.simulator.calls import Interface, body_of
from wxbot.simulator.errcodes import ApiRefusal
from wxbot.simulator.media import DOT
from wxbot.simulator.state import World

_LONGEST_QR = 2_592_000  # seconds
_TEMPORARY = {"QR_SCENE": "scene_id", "QR_STR_SCENE": "scene_str"}
_PERMANENT = {"QR_LIMIT_SCENE": "scene_id", "QR_LIMIT_STR_SCENE": "scene_str"}


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
    Interface("/cgi-bin/qrcode/create", "POST", _qrcode),
    Interface("/cgi-bin/showqrcode", "GET", _show_qrcode, needs_token=False),
    Interface("/cgi-bin/getcallbackip", "GET", _callback_addresses),
    Interface("/cgi-bin/clear_quota", "POST", _clear_quota),
]
