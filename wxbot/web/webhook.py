"""The server URL: verify, open, accept, answer.

Every signed push is answered 200, unreadable ones with `success`; an unsigned one with 403 and
nothing stored; a push that could not be stored with 503, so that the platform delivers it again.
Source: docs/platform.md §1.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from flask import Blueprint, Response, abort, request

from wxbot.clock import Clock
from wxbot.errors import BadSignature, MalformedPush, StoreError
from wxbot.inbox.accept import Inbox
from wxbot.inbox.commit import Delivery
from wxbot.protocol.envelope import Opened, Query, Reader
from wxbot.protocol.inbound import read
from wxbot.protocol.replies import NO_REPLY

log = structlog.get_logger(__name__)

MAX_BODY = 64 * 1024  # bytes
_ECHOSTR = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)
_XML = "text/xml; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Door:
    """One account at its route: what verifies and opens its pushes, and where they go."""

    account: str
    reader: Reader
    inbox: Inbox


def webhook(doors: Mapping[str, Door], clock: Clock) -> Blueprint:
    """Return the blueprint that serves `/wechat` for the default account and `/wechat/<account>` for each."""
    blueprint = Blueprint("webhook", __name__)

    @blueprint.get("/wechat", defaults={"account": "default"})
    @blueprint.get("/wechat/<account>")
    def verify(account: str) -> Response:
        door = doors.get(account) or abort(404)
        try:
            door.reader.verify(_query(), clock.now())
        except BadSignature as exc:
            return _refused(account, exc)
        echostr = request.args.get("echostr", "")
        if not _ECHOSTR.fullmatch(echostr):
            return Response("no echostr", 403, content_type=_TEXT)
        log.info("URL verified", action="url_verified", account=account)
        return Response(echostr, content_type=_TEXT)

    @blueprint.post("/wechat", defaults={"account": "default"})
    @blueprint.post("/wechat/<account>")
    def receive(account: str) -> Response:
        door = doors.get(account) or abort(404)
        try:
            body = request.stream.read(MAX_BODY + 1)
            if len(body) > MAX_BODY:
                return Response("too large", 413, content_type=_TEXT)
            return _accept(door, door.reader.open(_query(), body, clock.now()), clock)
        except BadSignature as exc:
            return _refused(account, exc)
        except MalformedPush as exc:
            log.warning("unreadable push", action="push_unreadable", account=account, why=str(exc))
            return Response(NO_REPLY, content_type=_TEXT)
        except StoreError:
            log.exception("push not stored", action="push_not_stored", account=account)
        except Exception:  # a bug of ours: nothing was committed, so the platform must deliver it again
            log.exception("push failed", action="push_failed", account=account)
        return Response("try again", 503, content_type=_TEXT)

    return blueprint


def _accept(door: Door, opened: Opened, clock: Clock) -> Response:
    push = read(opened.body)
    started = clock.monotonic()
    delivery = Delivery(door.account, push, opened.body, opened.signature)
    reply = door.inbox.accept(delivery, lambda xml: door.reader.seal(opened, xml, int(clock.now())))
    log.info(
        "push",
        action="push_answered",
        account=door.account,
        openid=push.openid,
        kind=getattr(push, "Event", push.MsgType),
        ms=round((clock.monotonic() - started) * 1000, 1),
        bytes=len(reply),
    )
    return Response(reply, content_type=_TEXT if reply == NO_REPLY else _XML)


def _refused(account: str, exc: BadSignature) -> Response:
    log.warning("push refused", action="push_refused", account=account, why=str(exc))
    return Response("forbidden", 403, content_type=_TEXT)


def _query() -> Query:
    """Return the signature's parameters; a repeated one counts as missing."""
    once = {name: values[0] for name, values in request.args.lists() if len(values) == 1}
    return Query(*(once.get(name, "") for name in Query.__slots__))
