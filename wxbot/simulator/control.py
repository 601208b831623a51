"""The routes under `/sim`: people and their actions, the ledger, faults, the clock, the exchanges.

For tests and for the page; nothing here exists on the real platform.
"""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, request

from wxbot.errors import NotFound, SettingsError
from wxbot.simulator import shown
from wxbot.simulator.faults import Fault
from wxbot.simulator.people import KfAccount
from wxbot.simulator.state import World
from wxbot.simulator.user_side import UserSide
from wxbot.simulator.wanted import FaultWanted, Move, SettingsWanted, wanted

Answer = dict[str, Any] | tuple[dict[str, Any], int]


def control(world: World, user_side: UserSide) -> Blueprint:
    """Return the control routes of one simulator."""
    routes = Blueprint("control", __name__, url_prefix="/sim")
    _add_people(routes, world, user_side)
    _add_world(routes, world)
    _add_faults(routes, world)

    @routes.post("/verify")
    def _verify() -> Answer:
        attempt = user_side.courier.verify()
        return {"ok": attempt.status == 200 and not attempt.error, **attempt.shown()}

    @routes.errorhandler(NotFound)
    @routes.errorhandler(SettingsError)
    def _wrong(exc: Exception) -> Answer:
        return {"error": str(exc)}, 404 if isinstance(exc, NotFound) else 400

    return routes


def _add_people(routes: Blueprint, world: World, user_side: UserSide) -> None:
    @routes.post("/users")
    def _meet() -> Answer:
        body = _body()
        person = world.meet(str(body.get("openid", "")), following=body.get("following") is not False)
        return {"openid": person.openid}

    @routes.get("/users")
    def _people() -> Answer:
        with world.lock:
            return {"users": shown.people(world)}

    @routes.post("/users/<openid>/actions")
    def _act(openid: str) -> Answer:
        _known(world, openid)
        return user_side.act(openid, _body())

    @routes.get("/users/<openid>/phone")
    def _phone(openid: str) -> Answer:
        with world.lock:
            return shown.phone(world, _known(world, openid), world.now())


def _add_world(routes: Blueprint, world: World) -> None:
    @routes.get("/ledger")
    def _ledger() -> Answer:
        with world.lock:
            return asdict(world.state.ledger)

    @routes.get("/exchanges")
    def _exchanges() -> Answer:
        return {"exchanges": world.exchanges.after(request.args.get("after", 0, int))}

    @routes.get("/clock")
    def _clock() -> Answer:
        return {"now": world.now()}

    @routes.post("/clock")
    def _advance() -> Answer:
        move = wanted(Move, request.get_data())
        with world.lock:
            move.check(world.now())
            return {"now": world.advance(move.advance)}

    @routes.post("/reset")
    def _reset() -> Answer:
        world.reset()
        return {"ok": True}

    @routes.get("/settings")
    def _settings() -> Answer:
        with world.lock:
            return shown.settings(world)

    @routes.post("/settings")
    def _change() -> Answer:
        new = wanted(SettingsWanted, request.get_data())
        with world.lock:
            state = world.state
            state.webhook = new.webhook or state.webhook
            state.whitelist = state.whitelist if new.whitelist is None else new.whitelist
            state.quota.daily |= new.daily
            state.quota.minute |= new.minute
            state.page = new.page or state.page
            for name, one in new.agents.items():
                known = state.kf.get(name)
                number = known.id if known else 1001 + len(state.kf)
                state.kf[name] = KfAccount(one.nick or name.partition("@")[0], number, one.online)
            state.templates = state.templates if new.templates is None else new.templates
            state.notifications = state.notifications if new.notifications is None else new.notifications
            world.changed()
            return shown.settings(world)


def _add_faults(routes: Blueprint, world: World) -> None:
    @routes.get("/faults")
    def _waiting() -> Answer:
        return {"faults": world.faults.waiting()}

    @routes.post("/faults")
    def _set() -> Answer:
        world.faults.set(Fault(**wanted(FaultWanted, request.get_data()).model_dump()))
        return {"faults": world.faults.waiting()}

    @routes.delete("/faults")
    def _clear() -> Answer:
        world.faults.clear()
        return {"faults": []}


def _known(world: World, openid: str) -> Any:
    person = world.state.people.get(openid)
    if person is None:
        raise NotFound(f"nobody has the openid {openid}; POST /sim/users first")
    return person


def _body() -> dict[str, Any]:
    body = request.get_json(force=True, silent=True)
    return body if isinstance(body, dict) else {}
