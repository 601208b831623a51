"""A push as a pytest file that plays it against a server once more, wherever that is.

The file stands alone. It signs anew, since a bot refuses old signatures; token and key come from the
environment, unless they are the simulator's own, which everybody knows.
"""

import re
from pprint import pformat
from urllib.parse import urlsplit, urlunsplit

from flask import render_template
from lxml import etree

from wxbot.errors import NotFound
from wxbot.simulator.config import DEV_AES_KEY, DEV_TOKEN, SimulatorConfig
from wxbot.simulator.exchanges import Exchange, Sent

_WIDTH = 110  # characters of a line
_BETWEEN = re.compile("(?<=>)(?=<[A-Za-z])")


def saved_test(exchange: Exchange, sent: Sent, config: SimulatorConfig, ahead: float) -> str:
    """Return the file's text; `ahead` is by how many seconds the simulated time leads the machine's.

    Raises NotFound for an exchange that is no push.
    """
    if not sent.plain:
        raise NotFound(f"exchange {exchange.n} is no push, and only a push can be saved as a test")
    return render_template(
        "test_push.py.txt",
        name=file_name(exchange),
        webhook=urlunsplit(urlsplit(sent.url)._replace(query="")),
        mode=config.mode,
        is_sealed=config.mode != "plain",
        token=_from_environment("WXBOT_TOKEN", config.token, DEV_TOKEN),
        aes_key=_from_environment("WXBOT_AES_KEY", config.aes_key, DEV_AES_KEY),
        appid=config.appid,
        account=config.account,
        openid=exchange.openid,
        ahead=round(ahead),
        push=_BETWEEN.split(sent.plain.decode()),
        expected=None if sent.answer is None else _told(sent.answer),
    )


def file_name(exchange: Exchange) -> str:
    """Return a name that pytest finds."""
    return f"test_push_{re.sub('[^a-z0-9]+', '_', exchange.kind.lower())}_{exchange.n}.py"


def literal(value: object) -> str:
    """Return a value as Python source, whatever stands in it."""
    return pformat(value, width=_WIDTH)


def _from_environment(variable: str, value: str, known: str) -> str:
    if value == known:
        return f"os.environ.get({variable!r}, {known!r})"
    return f"os.environ[{variable!r}]"


def _told(answer: bytes) -> list[tuple[str, str]] | None:
    """Return the answer's elements as the file reads them, None when it is no XML."""
    if answer.strip() in (b"", b"success"):
        return []
    try:
        root = etree.fromstring(answer.strip(), etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        return None
    elements = (one for one in root.iter() if isinstance(one.tag, str))
    return [(str(one.tag), (one.text or "").strip()) for one in elements if one.tag != "CreateTime"]
