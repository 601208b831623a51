"""QR codes of the account: made by the platform, shown by another of its hosts. Source: docs/platform.md §9."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from wxbot.errors import Unanswered
from wxbot.platform.client import Client
from wxbot.platform.transport import Transport
from wxbot.protocol.outgoing import dumps

LONGEST_LIFE = 30 * 86_400  # seconds of a code that expires
MAX_PICTURE = 1024 * 1024  # bytes
_SHOW = "/cgi-bin/showqrcode"
_SHOWN_AT = "https://mp.weixin.qq.com"


@dataclass(frozen=True, slots=True)
class QrCode:
    """A code: what it says (`url`), where its picture is (`image`), and for how many seconds, None for ever."""

    ticket: str
    url: str
    image: str
    seconds: int | None


def make(client: Client, api_base: str, scene: str, seconds: int | None) -> QrCode:
    """Let the platform make a code of a scene, for ever or for so many seconds; raises as a Client's calls do."""
    kind = "QR_LIMIT_STR_SCENE" if seconds is None else "QR_STR_SCENE"
    wanted = {"action_name": kind, "action_info": {"scene": {"scene_str": scene}}}
    told = client.call(
        "/cgi-bin/qrcode/create",
        dumps(wanted if seconds is None else {"expire_seconds": seconds, **wanted}).encode(),
    )
    ticket = told.get("ticket")
    if not isinstance(ticket, str) or not ticket:
        raise Unanswered("an answer without a ticket", delivered_maybe=True)
    image = f"{_shown_at(api_base)}{_SHOW}?ticket={quote(ticket, safe='')}"
    return QrCode(
        ticket,
        str(told.get("url", "")),
        image,
        None if seconds is None else int(told.get("expire_seconds", seconds)),
    )


def picture(api_base: str, code: QrCode, limit: float) -> bytes:
    """Return the picture of a code, within `limit` seconds; raises Unanswered."""
    return Transport(_shown_at(api_base), limit=limit).fetch(_SHOW, {"ticket": code.ticket}, MAX_PICTURE)


def _shown_at(api_base: str) -> str:
    """Return the address that shows codes: the platform has a host for it, a simulator is one host."""
    host = urlsplit(api_base).hostname or ""
    return _SHOWN_AT if host.endswith(".weixin.qq.com") else api_base.rstrip("/")
