"""The account's menu: at most 3 buttons, 5 below each. Source: docs/platform.md §7 and §9."""

from typing import Any

from flask import Request

from wxbot.simulator.calls import Interface, body_of
from wxbot.simulator.errcodes import ApiRefusal
from wxbot.simulator.posted import text_of
from wxbot.simulator.state import World

_TOP, _BELOW = 3, 5  # buttons
_TOP_NAME, _BELOW_NAME, _KEY, _URL = 16, 60, 128, 1024  # bytes of UTF-8

_KEYED = frozenset(
    {
        "click",
        "scancode_push",
        "scancode_waitmsg",
        "pic_sysphoto",
        "pic_photo_or_album",
        "pic_weixin",
        "location_select",
    }
)
_OTHER = frozenset({"view", "miniprogram", "media_id", "view_limited", "article_id", "article_view_limited"})


def check_buttons(buttons: object) -> list[dict[str, Any]]:
    """Return the buttons when the platform would take them; raises ApiRefusal with its code."""
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= _TOP:
        raise ApiRefusal(40016)
    for button in buttons:
        _check_name(button, _TOP_NAME, 40018)
        below = button.get("sub_button")
        if not below:
            _check_action(button, kind=40017, key=40019, url=40020)
            continue
        if not isinstance(below, list) or len(below) > _BELOW:
            raise ApiRefusal(40023)
        for sub in below:
            _check_name(sub, _BELOW_NAME, 40025)
            _check_action(sub, kind=40024, key=40026, url=40027)
    return buttons


def _check_name(button: object, limit: int, errcode: int) -> None:
    if not isinstance(button, dict):
        raise ApiRefusal(47001)
    if not 1 <= len(text_of(button.get("name")).encode("utf-8", "surrogatepass")) <= limit:
        raise ApiRefusal(errcode)


def _check_action(button: dict[str, Any], *, kind: int, key: int, url: int) -> None:
    what = button.get("type")
    if what not in _KEYED | _OTHER:
        raise ApiRefusal(kind)
    if what in _KEYED and not 1 <= len(text_of(button.get("key")).encode("utf-8", "surrogatepass")) <= _KEY:
        raise ApiRefusal(key)
    if what in ("view", "miniprogram") and not 1 <= len(text_of(button.get("url")).encode()) <= _URL:
        raise ApiRefusal(url)


def _create(world: World, call: Request) -> dict[str, Any]:
    world.state.menu = check_buttons(body_of(call).get("button"))
    return {"errcode": 0, "errmsg": "ok"}


def _get(world: World, _: Request) -> dict[str, Any]:
    if world.state.menu is None:
        raise ApiRefusal(46003)
    return {"menu": {"button": [{**one, "sub_button": one.get("sub_button", [])} for one in world.state.menu]}}


def _delete(world: World, _: Request) -> dict[str, Any]:
    world.state.menu = None
    return {"errcode": 0, "errmsg": "ok"}


INTERFACES = [
    Interface("/cgi-bin/menu/create", "POST", _create),
    Interface("/cgi-bin/menu/get", "GET", _get),
    Interface("/cgi-bin/menu/delete", "GET", _delete),
]
