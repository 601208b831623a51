"""One call to the simulated platform: method, token, quota, then the interface itself.

Source: docs/platform.md §7 (the order of the checks is our reading: cheapest first).
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from flask import Blueprint, Request, Response, g, request

from wxbot.simulator.checks import Check
from wxbot.simulator.errcodes import ApiRefusal, refusal
from wxbot.simulator.exchanges import Exchange, Sent
from wxbot.simulator.posted import posted
from wxbot.simulator.spoil import spoilt
from wxbot.simulator.state import World

SEND = "/cgi-bin/message/custom/send"  # the interface the ledger is about

Answer = dict[str, Any] | Response


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface of the platform; `answer` runs under the world's lock and may raise ApiRefusal."""

    path: str
    method: Literal["GET", "POST"]
    answer: Callable[[World, Request], Answer]
    needs_token: bool = True


def json_response(body: dict[str, Any]) -> Response:
    """Return the body as the platform writes it: raw UTF-8, keys in their order."""
    return Response(json.dumps(body, ensure_ascii=False), content_type="application/json; encoding=utf-8")


def body_of(call: Request) -> dict[str, Any]:
    """Return the posted JSON object; raises ApiRefusal 44002 or 47001."""
    return posted(call.get_data())


def add_interface(blueprint: Blueprint, world: World, interface: Interface) -> None:
    """Serve one interface at its real path."""

    def view(**_: str) -> Response:
        request.get_data()  # the whole body arrives before the lock is taken
        fault = g.get("fault")
        if fault is not None and fault.replaces:
            if fault.kind == "errcode" and interface.path == SEND:
                with world.lock:
                    world.state.ledger.refuse(fault.errcode)
            return Response()
        with world.lock:
            try:
                _check(world, interface)
                answer = interface.answer(world, request)
            except ApiRefusal as no:
                answer = refusal(no.errcode, world.now(), no.errmsg)
                if interface.path == SEND:
                    world.state.ledger.refuse(no.errcode)
            world.changed()
        return answer if isinstance(answer, Response) else json_response(answer)

    blueprint.add_url_rule(interface.path, interface.path.replace("/", "_"), view, methods=["GET", "POST"])


def _check(world: World, interface: Interface) -> None:
    if request.method != interface.method:
        raise ApiRefusal(43002 if interface.method == "POST" else 43001)
    if interface.needs_token:
        wrong = world.state.tokens.errcode(request.args.get("access_token", ""), world.now())
        g.checks = [Check("access_token", wrong is None)]
        if wrong is not None:
            raise ApiRefusal(wrong)
    world.state.quota.count(interface.path, world.now())


def play_faults_and_record(blueprint: Blueprint, world: World) -> None:
    """Let the faults strike every call of this blueprint, and keep each call for the page."""

    @blueprint.before_request
    def _pick() -> None:
        g.began = time.monotonic()
        g.fault = world.faults.strike(request.path)
        if g.fault is not None and g.fault.kind == "token_killed":
            with world.lock:
                world.state.tokens.kill(world.now())

    @blueprint.after_request
    def _record(response: Response) -> Response:
        if g.fault is not None:
            response = spoilt(g.fault, response, request, world.now())
        world.exchanges.add(_exchange(response, world.now()))
        return response


def _exchange(response: Response, now: float) -> Exchange:
    known = response.is_sequence and response.mimetype != "image/png"
    return Exchange(
        "to_platform",
        request.method,
        request.full_path.rstrip("?"),
        now,
        status=response.status_code if response.is_sequence else 0,
        ms=round((time.monotonic() - g.began) * 1000),
        request=request.get_data().decode("utf-8", "replace"),
        response=response.get_data().decode("utf-8", "replace") if known else "",
        note=f"fault: {g.fault.kind}" if g.fault is not None else "",
        checks=g.get("checks", []),
        sent=Sent(request.url, request.get_data(), request.content_type or ""),
    )
