"""Facts: named texts that go with a follow-up, for the templates of its fallback."""

from collections.abc import Mapping

from wxbot.errors import InvalidMessage
from wxbot.protocol.outgoing import dumps
from wxbot.template import NAME


def facts_json(facts: Mapping[str, str]) -> str:
    """Return facts as they are stored; raises InvalidMessage for a name that no {{name}} can have."""
    for name, value in facts.items():
        if not NAME.fullmatch(name):
            raise InvalidMessage(
                f"{name!r} cannot be a fact: a name has letters, digits and _, and begins with no digit"
            )
        if not isinstance(value, str):
            raise InvalidMessage(f"the fact {name} is a {type(value).__name__}, not a text")
    return dumps(dict(facts))
