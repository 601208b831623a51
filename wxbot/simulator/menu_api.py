"""The account's menus: at most 3 buttons, 5 below each; the newest conditional one that fits is shown.

Source: docs/platform.md §7 and §9.
"""

from typing import Any
from urllib.parse import urlsplit

from flask import Request

from wxbot.simulator.calls import Interface, body_of
from wxbot.simulator.errcodes import ApiRefusal
from wxbot.simulator.people import Person
from wxbot.simulator.posted import text_of
from wxbot.simulator.state import State, World

_TOP, _BELOW = 3, 5  # buttons
_TOP_NAME, _BELOW_NAME, _KEY, _URL = 16, 60, 128, 1024  # bytes of UTF-8

_HOSTS = 3  # to which the links of all conditional menus together may lead
_MATCHED = ("tag_id", "client_platform_type")
_PRIVATE = ("sex", "country", "province", "city", "language")  # matched once, and refused since

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
_NEEDED = {
    "miniprogram": "appid",
    "media_id": "media_id",
    "view_limited": "media_id",
    "article_id": "article_id",
    "article_view_limited": "article_id",
}


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
    if what in _NEEDED and not text_of(button.get(_NEEDED[what])):
        raise ApiRefusal(
            40007 if what in ("media_id", "view_limited") else 40166 if what == "miniprogram" else 47001
        )
    if what in ("view", "miniprogram") and not 1 <= len(text_of(button.get("url")).encode()) <= _URL:
        raise ApiRefusal(url)


def _create(world: World, call: Request) -> dict[str, Any]:
    world.state.menu = check_buttons(body_of(call).get("button"))
    return {"errcode": 0, "errmsg": "ok"}


def _get(world: World, _: Request) -> dict[str, Any]:
    if world.state.menu is None:
        raise ApiRefusal(46003)
    answer: dict[str, Any] = {"menu": {"button": _filled(world.state.menu)}}
    if world.state.conditional:
        answer["conditionalmenu"] = [{**one, "button": _filled(one["button"])} for one in world.state.conditional]
    return answer


def _filled(buttons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**one, "sub_button": one.get("sub_button", [])} for one in buttons]


def _delete(world: World, _: Request) -> dict[str, Any]:
    world.state.menu = None
    world.state.conditional.clear()
    return {"errcode": 0, "errmsg": "ok"}


def _add_conditional(world: World, call: Request) -> dict[str, Any]:
    body = body_of(call)
    if world.state.menu is None:
        raise ApiRefusal(65303)
    made = {"button": check_buttons(body.get("button")), "matchrule": _check_rule(body.get("matchrule"))}
    others = [made, *world.state.conditional]
    if len({host for one in others for host in _hosts(one["button"])}) > _HOSTS:
        raise ApiRefusal(65316)
    menuid = world.serial()
    world.state.conditional.append({**made, "menuid": menuid})
    return {"menuid": str(menuid)}


def _check_rule(rule: object) -> dict[str, Any]:
    if not isinstance(rule, dict) or not any(rule.values()):
        raise ApiRefusal(65304)
    if any(rule.get(name) for name in _PRIVATE):
        raise ApiRefusal(65320)
    return {name: rule[name] for name in _MATCHED if rule.get(name)}


def _hosts(buttons: list[dict[str, Any]]) -> set[str]:
    every = [sub for one in buttons for sub in one.get("sub_button") or [one]]
    return {urlsplit(text_of(one.get("url"))).netloc for one in every if one.get("url")}


def _delete_conditional(world: World, call: Request) -> dict[str, Any]:
    menuid = str(body_of(call).get("menuid", ""))
    left = [one for one in world.state.conditional if str(one["menuid"]) != menuid]
    if len(left) == len(world.state.conditional):
        raise ApiRefusal(65301)
    world.state.conditional = left
    return {"errcode": 0, "errmsg": "ok"}


def _try_match(world: World, call: Request) -> dict[str, Any]:
    person = world.state.people.get(text_of(body_of(call).get("user_id")))
    if person is None:
        raise ApiRefusal(65302)
    return {"button": menu_for(world.state, person) or []}


def menu_for(state: State, person: Person) -> list[dict[str, Any]] | None:
    """Return the buttons on a person's phone: the newest conditional menu that fits, else the default one."""
    for one in reversed(state.conditional):
        rule = one["matchrule"]
        of_tag, system = str(rule.get("tag_id", "")), str(rule.get("client_platform_type", ""))
        last_tag = str(person.tags[-1]) if person.tags else ""
        if of_tag in ("", last_tag) and system in ("", str(person.system)):
            return list(one["button"])
    return state.menu


INTERFACES = [
    Interface("/cgi-bin/menu/create", "POST", _create),
    Interface("/cgi-bin/menu/get", "GET", _get),
    Interface("/cgi-bin/menu/delete", "GET", _delete),
    Interface("/cgi-bin/menu/addconditional", "POST", _add_conditional),
    Interface("/cgi-bin/menu/delconditional", "POST", _delete_conditional),
    Interface("/cgi-bin/menu/trymatch", "POST", _try_match),
]
