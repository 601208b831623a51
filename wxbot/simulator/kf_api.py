"""The people who answer for the account, and their talks with users. Source: docs/platform.md §9."""

from typing import Any

from flask import Request

from wxbot.simulator.calls import Interface, body_of
from wxbot.simulator.errcodes import ApiRefusal
from wxbot.simulator.posted import text_of
from wxbot.simulator.state import World
from wxbot.simulator.user_side import UserSide

_OK: dict[str, Any] = {"errcode": 0, "errmsg": "ok"}


def _list(world: World, _: Request) -> dict[str, Any]:
    return {
        "kf_list": [
            {
                "kf_account": name,
                "kf_nick": one.nick,
                "kf_id": str(one.id),
                "kf_headimgurl": "",
                "kf_wx": f"wx{one.id}",
            }
            for name, one in world.state.kf.items()
        ]
    }


def _online(world: World, _: Request) -> dict[str, Any]:
    return {
        "kf_online_list": [
            {"kf_account": name, "status": 1, "kf_id": str(one.id), "accepted_case": _talks(world, name)}
            for name, one in world.state.kf.items()
            if one.online
        ]
    }


def _talks(world: World, name: str) -> int:
    return sum(agent == name for agent, _ in world.state.kf_talks.values())


def _session(world: World, call: Request) -> dict[str, Any]:
    agent, since = world.state.kf_talks.get(call.args.get("openid", ""), ("", 0.0))
    return {**_OK, "kf_account": agent, "createtime": int(since)}


def _sessions(world: World, call: Request) -> dict[str, Any]:
    wanted = call.args.get("kf_account", "")
    if wanted not in world.state.kf:
        raise ApiRefusal(65401)
    talks = [(openid, since) for openid, (agent, since) in world.state.kf_talks.items() if agent == wanted]
    return {"sessionlist": [{"openid": openid, "createtime": int(since)} for openid, since in talks]}


def interfaces(user_side: UserSide) -> list[Interface]:
    """Return the interfaces; a talk that begins or ends is told to the webhook."""

    def create(world: World, call: Request) -> dict[str, Any]:
        openid, agent = _between(world, call)
        if not world.state.kf[agent].online:
            raise ApiRefusal(65415)
        if openid in world.state.kf_talks:
            raise ApiRefusal(65414)
        world.state.kf_talks[openid] = agent, world.now()
        user_side.push_later(openid, {"type": "kf_create_session", "kf_account": agent})
        return _OK

    def close(world: World, call: Request) -> dict[str, Any]:
        openid, agent = _between(world, call)
        if world.state.kf_talks.get(openid, ("", 0.0))[0] != agent:
            raise ApiRefusal(65413)
        del world.state.kf_talks[openid]
        user_side.push_later(openid, {"type": "kf_close_session", "kf_account": agent})
        return _OK

    return [
        Interface("/cgi-bin/customservice/getkflist", "GET", _list),
        Interface("/cgi-bin/customservice/getonlinekflist", "GET", _online),
        Interface("/customservice/kfsession/create", "POST", create),
        Interface("/customservice/kfsession/close", "POST", close),
        Interface("/customservice/kfsession/getsession", "GET", _session),
        Interface("/customservice/kfsession/getsessionlist", "GET", _sessions),
    ]


def _between(world: World, call: Request) -> tuple[str, str]:
    body = body_of(call)
    openid, agent = text_of(body.get("openid")), text_of(body.get("kf_account"))
    if openid not in world.state.people:
        raise ApiRefusal(40003)
    if agent not in world.state.kf:
        raise ApiRefusal(65401)
    return openid, agent
