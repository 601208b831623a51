"""Template messages and subscription notifications: the JSON of the two interfaces.

Source: docs/platform.md §9.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from wxbot.protocol.outgoing import dumps
from wxbot.template import Template


@dataclass(frozen=True, slots=True)
class Notice:
    """What is set up for a topic: the template's id, where a tap leads, and its keywords' texts."""

    template_id: str
    link: str
    data: Mapping[str, Template]

    def missing(self, values: Mapping[str, str]) -> list[str]:
        """Return the names it needs and `values` does not have."""
        return sorted(set().union(*(text.names for text in self.data.values())) - set(values))

    def filled(self, values: Mapping[str, str]) -> dict[str, dict[str, str]]:
        """Return the keywords with values in place; KeyError when one is missing."""
        return {name: {"value": text.render(values)} for name, text in self.data.items()}


def template_body(openid: str, notice: Notice, values: Mapping[str, str], key: str) -> bytes:
    """Return the body of a template message; under one `key` the platform sends it once in ten minutes."""
    link = {"url": notice.link} if notice.link else {}
    head = {"touser": openid, "template_id": notice.template_id, **link, "client_msg_id": key}
    return dumps({**head, "data": notice.filled(values)}).encode()


def subscription_body(openid: str, notice: Notice, values: Mapping[str, str]) -> bytes:
    """Return the body of a subscription notification; nothing in it keeps it from being sent twice."""
    link = {"page": notice.link} if notice.link else {}
    head = {"touser": openid, "template_id": notice.template_id, **link}
    return dumps({**head, "data": notice.filled(values)}).encode()
