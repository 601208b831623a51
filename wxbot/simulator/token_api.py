"""Getting an access token: `/cgi-bin/token` and `/cgi-bin/stable_token`. Source: docs/platform.md §4."""

import math
from typing import Any

from flask import Request

from wxbot.simulator.calls import Interface, body_of
from wxbot.simulator.errcodes import ApiRefusal
from wxbot.simulator.state import World
from wxbot.simulator.tokens import AccessToken


def _token(world: World, call: Request) -> dict[str, Any]:
    _check_caller(world, call, call.args)
    return _issued(world, world.state.tokens.fresh("token", world.now()))


def _stable_token(world: World, call: Request) -> dict[str, Any]:
    body = body_of(call)
    _check_caller(world, call, body)
    now = world.now()
    force = body.get("force_refresh") is True
    if force and not world.state.quota.may_force(now):
        raise ApiRefusal(45009)
    return _issued(world, world.state.tokens.stable(now, force=force))


def _check_caller(world: World, call: Request, given: Any) -> None:
    address = call.remote_addr or ""
    if world.state.whitelist and address not in world.state.whitelist:
        raise ApiRefusal(40164, f"invalid ip {address} ipv6 ::ffff:{address}, not in whitelist")
    if given.get("grant_type") != "client_credential":
        raise ApiRefusal(40002)
    if not given.get("appid"):
        raise ApiRefusal(41002)
    if not given.get("secret"):
        raise ApiRefusal(41004)
    if given["appid"] != world.config.appid:
        raise ApiRefusal(40013)
    if given["secret"] != world.config.secret:
        raise ApiRefusal(40125)


def _issued(world: World, token: AccessToken) -> dict[str, Any]:
    world.state.ledger.token_fetches += 1
    return {"access_token": token.value, "expires_in": math.ceil(token.expires - world.now())}


INTERFACES = [
    Interface("/cgi-bin/token", "GET", _token, needs_token=False),
    Interface("/cgi-bin/stable_token", "POST", _stable_token, needs_token=False),
]
