"""The people who follow: their list, what is known of each, remarks and tags. Source: docs/platform.md §9."""

from typing import Any

from flask import Request

from wxbot.simulator.calls import Interface, body_of
from wxbot.simulator.errcodes import ApiRefusal
from wxbot.simulator.people import Person
from wxbot.simulator.posted import text_of
from wxbot.simulator.state import World

_BATCH = 100  # people that are told of at once
_TAGGED = 50  # people who are given a tag at once
_TAGS, _TAGS_OF_ONE = 100, 20
_TAG_NAME, _REMARK = 30, 30  # characters
_STARRED = 2  # the platform's own tag
_OK: dict[str, Any] = {"errcode": 0, "errmsg": "ok"}


def _user_info(world: World, call: Request) -> dict[str, Any]:
    openid = call.args.get("openid", "")
    if not openid:
        raise ApiRefusal(41009)
    return _told(_person(world, openid), call.args.get("lang", "zh_CN"))


def _person(world: World, openid: object) -> Person:
    person = world.state.people.get(text_of(openid))
    if person is None:
        raise ApiRefusal(40003)
    return person


def _told(person: Person, language: str) -> dict[str, Any]:
    if not person.following:
        return {"subscribe": 0, "openid": person.openid}
    return {
        "subscribe": 1,
        "openid": person.openid,
        "language": language,
        "subscribe_time": int(person.since),
        "remark": person.remark,
        "groupid": person.tags[0] if person.tags else 0,
        "tagid_list": person.tags,
        "subscribe_scene": "ADD_SCENE_QR_CODE" if person.scene else "ADD_SCENE_SEARCH",
        "qr_scene": int(person.scene) if person.scene.isdecimal() else 0,
        "qr_scene_str": "" if person.scene.isdecimal() else person.scene,
    }


def _batch(world: World, call: Request) -> dict[str, Any]:
    wanted = body_of(call).get("user_list")
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= _BATCH:
        raise ApiRefusal(40032)
    asked = [one if isinstance(one, dict) else {} for one in wanted]
    found = [_told(_person(world, one.get("openid")), text_of(one.get("lang")) or "zh_CN") for one in asked]
    return {"user_info_list": found}


def _user_get(world: World, call: Request) -> dict[str, Any]:
    followers = [person.openid for person in world.state.people.values() if person.following]
    after = call.args.get("next_openid", "")
    return {"total": len(followers), **_page(followers, after, world.state.page)}


def _page(openids: list[str], after: str, most: int) -> dict[str, Any]:
    if after and after not in openids:
        raise ApiRefusal(40003)
    start = openids.index(after) + 1 if after else 0
    page = openids[start : start + most]
    answer: dict[str, Any] = {"count": len(page)}
    if page:
        answer["data"] = {"openid": page}
    return {**answer, "next_openid": page[-1] if page else ""}


def _remark(world: World, call: Request) -> dict[str, Any]:
    body = body_of(call)
    remark = text_of(body.get("remark"))
    if len(remark) >= _REMARK:
        raise ApiRefusal(40035)
    _follower(world, body.get("openid")).remark = remark
    return _OK


def _follower(world: World, openid: object) -> Person:
    person = _person(world, openid)
    if not person.following:
        raise ApiRefusal(40003)
    return person


def _tags(world: World, _: Request) -> dict[str, Any]:
    names = {_STARRED: "星标组", **world.state.tags}
    return {"tags": [{"id": id, "name": name, "count": len(_carrying(world, id))} for id, name in names.items()]}


def _carrying(world: World, tag: int) -> list[str]:
    return [person.openid for person in world.state.people.values() if person.following and tag in person.tags]


def _create_tag(world: World, call: Request) -> dict[str, Any]:
    tag = body_of(call).get("tag")
    name = text_of(tag.get("name")) if isinstance(tag, dict) else ""
    if not name or name in world.state.tags.values():
        raise ApiRefusal(45157)
    if len(name) > _TAG_NAME:
        raise ApiRefusal(45158)
    if len(world.state.tags) >= _TAGS:
        raise ApiRefusal(45056)
    id = max([99, *world.state.tags]) + 1
    world.state.tags[id] = name
    return {"tag": {"id": id, "name": name}}


def _tagged(world: World, call: Request) -> dict[str, Any]:
    body = body_of(call)
    return _page(_carrying(world, _known_tag(world, body)), text_of(body.get("next_openid")), world.state.page)


def _known_tag(world: World, body: dict[str, Any]) -> int:
    tag = body.get("tagid")
    if not isinstance(tag, int) or (tag != _STARRED and tag not in world.state.tags):
        raise ApiRefusal(45159)
    return tag


def _tag(world: World, call: Request) -> dict[str, Any]:
    tag, people = _tag_and_people(world, call)
    if any(len(one.tags) >= _TAGS_OF_ONE for one in people if tag not in one.tags):
        raise ApiRefusal(45059)
    for one in people:
        one.tags = [*(each for each in one.tags if each != tag), tag]
    return _OK


def _untag(world: World, call: Request) -> dict[str, Any]:
    tag, people = _tag_and_people(world, call)
    for one in people:
        one.tags = [each for each in one.tags if each != tag]
    return _OK


def _tag_and_people(world: World, call: Request) -> tuple[int, list[Person]]:
    body = body_of(call)
    openids = body.get("openid_list")
    if not isinstance(openids, list) or not 1 <= len(openids) <= _TAGGED:
        raise ApiRefusal(40032)
    return _known_tag(world, body), [_follower(world, openid) for openid in openids]


INTERFACES = [
    Interface("/cgi-bin/user/info", "GET", _user_info),
    Interface("/cgi-bin/user/info/batchget", "POST", _batch),
    Interface("/cgi-bin/user/info/updateremark", "POST", _remark),
    Interface("/cgi-bin/user/get", "GET", _user_get),
    Interface("/cgi-bin/user/tag/get", "POST", _tagged),
    Interface("/cgi-bin/tags/get", "GET", _tags),
    Interface("/cgi-bin/tags/create", "POST", _create_tag),
    Interface("/cgi-bin/tags/members/batchtagging", "POST", _tag),
    Interface("/cgi-bin/tags/members/batchuntagging", "POST", _untag),
]
