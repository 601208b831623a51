"""The templates that were added to an account, asked for.

Calls raise Refused, Unanswered, or NoToken. Source: docs/platform.md §9.
"""

from wxbot.errors import Refused
from wxbot.platform.client import Client
from wxbot.protocol.private_templates import PrivateTemplate, notifications_of, templates_of

_MOST = 1024 * 1024  # bytes of an answer
_NOT_ALLOWED = 48001


def private_templates(client: Client) -> list[PrivateTemplate]:
    """Return those of template messages and of subscription notifications; an account may lack one of the two."""
    found: list[PrivateTemplate] = []
    refused: list[Refused] = []
    for path, read in (
        ("/cgi-bin/template/get_all_private_template", templates_of),
        ("/wxaapi/newtmpl/gettemplate", notifications_of),
    ):
        try:
            found += read(client.ask(path, most=_MOST))
        except Refused as exc:
            if exc.errcode != _NOT_ALLOWED or refused:
                raise
            refused.append(exc)
    return found
