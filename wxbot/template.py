"""Texts with places for values: `Hello {{name}}`.

There is no logic in it, and one pass only: a value that itself holds `{{name}}` stays as it is, so
what a user writes is never a template.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_PLACE = re.compile(r"\{\{\s*([^\W\d]\w*)\s*\}\}")
NAME = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed text: literal pieces, and after each but the last the name whose value stands there."""

    pieces: tuple[str, ...]
    places: tuple[str, ...]

    @property
    def names(self) -> frozenset[str]:
        """The names it needs a value for."""
        return frozenset(self.places)

    def render(self, values: Mapping[str, str]) -> str:
        """Return the text with values for places; KeyError for a name without one."""
        filled = [piece + values[name] for piece, name in zip(self.pieces, self.places, strict=False)]
        return "".join(filled) + self.pieces[-1]


def parse(text: str) -> Template:
    """Return the template of a text; ValueError for a `{{` that opens no `{{name}}`."""
    found = _PLACE.split(text)
    pieces = found[::2]
    for piece in pieces:
        if (at := piece.find("{{")) >= 0:
            raise ValueError(f"{piece[at : at + 20]!r} opens no {{{{name}}}}")
    return Template(tuple(pieces), tuple(found[1::2]))
