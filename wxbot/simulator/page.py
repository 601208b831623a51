"""The page at `/`: phones to chat on, and everything that it asks for.

One snapshot a second serves it whole. Nothing that a bot or a person wrote may run in it: scripts come
from this server's files only, and media only under types that no browser takes for a page.
"""

import secrets
import time
from typing import Any

from flask import Blueprint, Response, render_template, request

from wxbot.errors import NotFound, SettingsError
from wxbot.simulator import shown
from wxbot.simulator.curl import curl
from wxbot.simulator.kinds import EVENTS, MESSAGES
from wxbot.simulator.saved_test import file_name, literal, saved_test
from wxbot.simulator.state import World

_NEWEST = 200  # items of a phone, and exchanges of a page that just opened
_CROWD = 30  # people on the page beside those whose phones are open
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_SOUNDS = frozenset({"audio/amr", "audio/mpeg", "audio/ogg", "audio/wav"})
_SHOWABLE = _PICTURES | _SOUNDS | {"video/mp4", "video/webm"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

Answer = dict[str, Any] | tuple[dict[str, Any], int]


def page(world: World) -> Blueprint:
    """Return the page and its routes."""
    routes = Blueprint("page", __name__)
    routes.add_app_template_filter(literal)
    _add_media(routes, world)
    _add_replays(routes, world)

    @routes.get("/")
    def _page() -> Response:
        answer = Response(render_template("phone.html"))
        answer.headers["Content-Security-Policy"] = _POLICY
        return answer

    @routes.get("/sim/page")
    def _snapshot() -> Answer:
        return snapshot(world, request.args.getlist("phone"), request.args.get("after", 0, int))

    @routes.get("/sim/kinds")
    def _kinds() -> Answer:
        return {"messages": MESSAGES, "events": EVENTS}

    @routes.errorhandler(NotFound)
    @routes.errorhandler(SettingsError)
    def _wrong(exc: Exception) -> Answer:
        return {"error": str(exc)}, 404 if isinstance(exc, NotFound) else 400

    return routes


def snapshot(world: World, openids: list[str], after: int) -> dict[str, Any]:
    """Return all that the page shows, at one moment: these people's phones, the exchanges after a number."""
    with world.lock:
        state, now = world.state, world.now()
        phones = {each: state.people[each] for each in openids if each in state.people}
        seen = {
            "now": now,
            "users": shown.crowd(world, phones, _CROWD),
            "phones": {each: shown.phone(world, person, now, newest=_NEWEST) for each, person in phones.items()},
            "settings": shown.settings(world),
            "ledger": state.ledger,
            "media": {name: kind for name, (kind, _) in world.media_bytes.items()},
            "tickets": dict(list(state.tickets.items())[-_NEWEST:]),
        }
    exchanges = world.exchanges.after(after)[-_NEWEST:]
    return {**seen, "faults": world.faults.waiting(), "exchanges": exchanges, "oldest": world.exchanges.oldest()}


def _add_media(routes: Blueprint, world: World) -> None:
    @routes.post("/sim/media")
    def _put() -> Answer:
        """Keep a file that a person sends; answer with its media_id and its address."""
        kind, content = request.mimetype, request.get_data()
        if kind not in _SHOWABLE or not content:
            raise SettingsError(f"Content-Type: {kind!r}, not one of {', '.join(sorted(_SHOWABLE))} with a body")
        media_id = secrets.token_urlsafe(48)
        with world.lock:
            world.keep_media(media_id, kind, content)
        return {"media_id": media_id, "url": f"{request.host_url}sim/media/{media_id}"}

    @routes.get("/sim/media/<media_id>")
    def _get(media_id: str) -> Response:
        with world.lock:
            kind, content = world.media_bytes.get(media_id, ("", b""))
        if not content:
            raise NotFound(f"no medium {media_id} was uploaded since the simulator started")
        answer = Response(content, content_type=kind if kind in _SHOWABLE else "application/octet-stream")
        answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Cache-Control"] = "private, max-age=86400"
        return answer


def _add_replays(routes: Blueprint, world: World) -> None:
    @routes.get("/sim/exchanges/<int:number>/curl")
    def _curl(number: int) -> Response:
        command = curl(*world.exchanges.sent(number), world.config.token, world.now())
        return Response(command, content_type="text/plain; charset=utf-8")

    @routes.get("/sim/exchanges/<int:number>/test")
    def _test(number: int) -> Response:
        exchange, sent = world.exchanges.sent(number)
        answer = Response(saved_test(exchange, sent, world.config, world.now() - time.time()))
        answer.content_type = "text/x-python; charset=utf-8"
        answer.headers["Content-Disposition"] = f'attachment; filename="{file_name(exchange)}"'
        return answer
