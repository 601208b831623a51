"""Uploading and fetching temporary media. Source: docs/platform.md §9."""

import secrets
from typing import Any

from flask import Request, Response

from wxbot.simulator.calls import Answer, Interface
from wxbot.simulator.errcodes import ApiRefusal
from wxbot.simulator.media import DOT
from wxbot.simulator.state import World

_LIMITS = {  # type -> bytes, errcode when larger
    "image": (10 * 1024 * 1024, 40009),
    "voice": (2 * 1024 * 1024, 40010),
    "video": (10 * 1024 * 1024, 40011),
    "thumb": (64 * 1024, 40012),
}


def _upload(world: World, call: Request) -> dict[str, Any]:
    kind = call.args.get("type", "")
    if kind not in _LIMITS:
        raise ApiRefusal(40004)
    file = call.files.get("media")
    if file is None:
        raise ApiRefusal(41005)
    content = file.read()
    limit, errcode = _LIMITS[kind]
    if not content:
        raise ApiRefusal(44001)
    if len(content) > limit:
        raise ApiRefusal(errcode)
    media_id, now = secrets.token_urlsafe(48), world.now()
    world.keep_media(media_id, file.mimetype or "application/octet-stream", content)
    name = "thumb_media_id" if kind == "thumb" else "media_id"
    return {"type": kind, name: media_id, "created_at": int(now)}


def _fetch(world: World, call: Request) -> Answer:
    media_id = call.args.get("media_id", "")
    if not media_id:
        raise ApiRefusal(41006)
    if not world.state.shelf.is_usable(media_id, world.now()):
        raise ApiRefusal(40007)
    kind, content = world.media_bytes.get(media_id, ("image/png", DOT))
    answer = Response(content, content_type=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{media_id[:16]}"'
    return answer


INTERFACES = [
    Interface("/cgi-bin/media/upload", "POST", _upload),
    Interface("/cgi-bin/media/get", "GET", _fetch),
]
