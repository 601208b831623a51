"""Several questions in a row: a handler that asks is run again for each answer, with those before it.

Of a run that ends in a question only the answers are kept, so nothing is done twice, and a process that ends
between two questions loses nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from wxbot.errors import WxbotError
from wxbot.protocol.content import Content
from wxbot.protocol.inbound import typed
from wxbot.protocol.messages import Push
from wxbot.protocol.wire import Fields

KEY = "wxbot:asked"  # where it lies in the stored session, out of a handler's sight


class Asking(BaseException):
    """Ends a handler's run with a question. No `except Exception` of a handler may stop it."""

    def __init__(self, question: Content) -> None:
        super().__init__()
        self.question = question


@dataclass(slots=True)
class Dialogue:
    """A handler that waits for an answer: its name, the push that began it, and the answers so far."""

    handler: str
    fields: Fields
    answers: list[str]

    @property
    def push(self) -> Push:
        """The push that began it."""
        return typed(self.fields)

    def stored(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"handler": self.handler, "push": self.fields, "answers": self.answers}

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None) -> Self | None:
        """Return what was stored, None when there is none or it cannot be read (another version's, perhaps)."""
        try:
            made = None if stored is None else cls(str(stored["handler"]), stored["push"], [*stored["answers"]])
            return made if made is None or made.push else None
        except (WxbotError, KeyError, TypeError, AttributeError):
            return None
