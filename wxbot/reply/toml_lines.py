"""On which line of a TOML text each of its values stands, which tomllib does not tell.

For a text that tomllib has accepted; it is read a second time here, for its keys and brackets only.
A place is a path of keys and list positions, such as `("rule", 2, "reply", "text")`.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

At = tuple[str | int, ...]

_TOKEN = re.compile(
    r'''(?P<blank>[ \t\r]+|\#[^\n]*)
    |(?P<newline>\n)
    |(?P<text>"""(?:\\[\s\S]|[^\\])*?""""{0,2}|\'\'\'[\s\S]*?\'\'\''{0,2}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')
    |(?P<sign>[\[\]{}=,.])
    |(?P<word>[^\s\[\]{}=,.\#"']+)''',
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int


def lines_of(text: str) -> dict[At, int]:
    """Return the line, from 1, of every key, table and list item."""
    reader = _Reader(text)
    reader.document()
    return reader.lines


def line_of(lines: dict[At, int], at: At) -> int:
    """Return the line of a place, or of the nearest place around it that the file has; 1 for none."""
    while at and at not in lines:
        at = at[:-1]
    return lines.get(at, 1)


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for found in _TOKEN.finditer(text):
        if found.lastgroup != "blank":
            yield _Token(str(found.lastgroup), found[0], line)
        line += found[0].count("\n")
    yield _Token("newline", "\n", line)


class _Reader:
    """A walk over the tokens, noting where each thing stands."""

    def __init__(self, text: str) -> None:
        self.lines: dict[At, int] = {}
        self._tokens = list(_tokens(text))
        self._next = 0
        self._counts: dict[At, int] = {}  # how many [[tables]] each array has so far

    def document(self) -> None:
        base: At = ()
        while self._more():
            if self._peek().kind == "newline":
                self._take()
            elif self._peek().text == "[":
                base = self._header()
            else:
                self._pair(base)

    def _more(self) -> bool:
        return self._next < len(self._tokens)

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _taken(self, *signs: str) -> bool:
        """Take the next token if it is one of these."""
        there = self._more() and self._peek().text in signs
        self._next += there
        return there

    def _header(self) -> At:
        """`[a.b]` or `[[a.b]]`: return the table that the lines below it belong to."""
        line = self._take().line
        is_item = self._taken("[")
        *parents, last = self._keys()
        while self._taken("]"):
            pass
        at: At = ()
        for key in parents:
            at = self._note((*at, key), line)
            at = (*at, self._counts[at] - 1) if at in self._counts else at
        at = self._note((*at, last), line)
        if is_item:
            self._counts[at] = self._counts.get(at, 0) + 1
            at = self._note((*at, self._counts[at] - 1), line)
        return at

    def _note(self, at: At, line: int) -> At:
        self.lines.setdefault(at, line)
        return at

    def _keys(self) -> list[str]:
        keys = [_key(self._take())]
        while self._taken("."):
            keys.append(_key(self._take()))
        return keys

    def _pair(self, base: At) -> None:
        line = self._peek().line
        for key in self._keys():
            base = self._note((*base, key), line)
        self._taken("=")
        self._value(base)

    def _value(self, at: At) -> None:
        if self._taken("["):
            self._items(at)
        elif self._taken("{"):
            while not self._taken("}"):
                if not self._taken(",", "\n"):
                    self._pair(at)
        else:
            while self._peek().text not in ("\n", ",", "]", "}"):
                self._take()

    def _items(self, at: At) -> None:
        count = 0
        while not self._taken("]"):
            if not self._taken(",", "\n"):
                self._value(self._note((*at, count), self._peek().line))
                count += 1


def _key(token: _Token) -> str:
    if token.kind == "word":
        return token.text
    return next(iter(tomllib.loads(f"{token.text} = 0")))
