"""An exchange as a curl command that can be pasted into a shell.

A push gets a new timestamp, nonce and signatures, since a bot refuses old ones; its body stays. An
access_token stands there whole, as the call needs it; an AppSecret is left to `$WXBOT_APPSECRET`.
"""

import re
import shlex
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from wxbot.simulator.checks import element
from wxbot.simulator.exchanges import Exchange, Sent
from wxbot.simulator.stamps import sealed, signed, stamp

_APPSECRET = re.compile(r"""((?:app)?secret["']?\s*[=:]\s*["']?)[\w\-]{1,600}""")


def curl(exchange: Exchange, sent: Sent, token: str, now: float) -> str:
    """Return the command; `token` signs pushes, `now` is simulated Unix seconds."""
    url = resigned(sent, token, now) if exchange.direction == "to_bot" else sent.url
    words = ["curl", "-sS", _quoted(url)]
    if exchange.method != "GET":
        words += ["-X", exchange.method]
    if sent.content_type:
        words += ["-H", shlex.quote(f"Content-Type: {sent.content_type}")]
    if sent.body:
        words += ["--data-raw", _quoted(sent.body.decode("utf-8", "replace"))]  # not -d: it reads files after `@`
    return " ".join(words) + "\n"


def resigned(sent: Sent, token: str, now: float) -> str:
    """Return the address of a request to the bot as it would be signed now."""
    parts = urlsplit(sent.url)
    query, fresh = dict(parse_qsl(parts.query, keep_blank_values=True)), stamp(now)
    query |= signed(token, *fresh)
    if "msg_signature" in query:
        query |= sealed(token, *fresh, element(sent.body, "Encrypt"))
    return urlunsplit(parts._replace(query=urlencode(query)))


def _quoted(text: str) -> str:
    """Return `text` as one word of a shell, an AppSecret in it taken from the environment."""
    pieces = _APPSECRET.sub(lambda found: f"{found[1]}\0", text).split("\0")
    return '"$WXBOT_APPSECRET"'.join(shlex.quote(piece) for piece in pieces)
