"""What the control routes and the page show of the world. Take the world's lock around each."""

from collections.abc import Container
from dataclasses import asdict
from typing import Any

from wxbot.simulator.menu_api import menu_for
from wxbot.simulator.people import Person
from wxbot.simulator.state import World


def people(world: World) -> list[dict[str, Any]]:
    """Return everybody, in the order in which they met the account."""
    return [_person(person) for person in world.state.people.values()]


def crowd(world: World, openids: Container[str], newest: int) -> list[dict[str, Any]]:
    """Return these people and the `newest`, each with their number from 1: twenty thousand fit on no page."""
    numbered = enumerate(world.state.people.values(), start=1)
    last = len(world.state.people) - newest
    return [{**_person(one), "number": n} for n, one in numbered if n > last or one.openid in openids]


def _person(person: Person) -> dict[str, Any]:
    return {"openid": person.openid, "following": person.following, "items": len(person.phone)}


def phone(world: World, person: Person, now: float, *, newest: int = 0) -> dict[str, Any]:
    """Return what one phone shows at `now`: the menu that fits, and every item, or only the `newest`."""
    return {
        "openid": person.openid,
        "following": person.following,
        "typing": now < person.typing_until,
        "items": [asdict(item) for item in person.phone[-newest:]],
        "menu": menu_for(world.state, person),
        "window": person.rights.shown(now),
        "now": now,
    }


def settings(world: World) -> dict[str, Any]:
    """Return the account as it is set up, without its secrets."""
    state, config = world.state, world.config
    return {
        "webhook": state.webhook,
        "mode": config.mode,
        "rights": config.rights,
        "appid": config.appid,
        "account": config.account,
        "whitelist": state.whitelist,
        "daily": state.quota.daily,
        "minute": state.quota.minute,
        "menu": state.menu,
    }
