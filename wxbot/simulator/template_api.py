"""The templates that were added to the account. Source: docs/platform.md §9."""

from typing import Any

from flask import Request

from wxbot.simulator.calls import Interface
from wxbot.simulator.state import World


def _templates(world: World, _: Request) -> dict[str, Any]:
    return {"template_list": world.state.templates}


def _notifications(world: World, _: Request) -> dict[str, Any]:
    return {"errcode": 0, "errmsg": "ok", "data": world.state.notifications}


INTERFACES = [
    Interface("/cgi-bin/template/get_all_private_template", "GET", _templates),
    Interface("/wxaapi/newtmpl/gettemplate", "GET", _notifications),
]
