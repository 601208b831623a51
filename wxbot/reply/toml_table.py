"""Reading a TOML file that people write: every mistake is noted with its line, and reading goes on."""

import difflib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from wxbot.reply.toml_lines import At, line_of

T = TypeVar("T")
_KINDS = {str: "a text", int: "a whole number", bool: "true or false", dict: "a table", list: "a list"}


def suggestion(wrong: str, known: Collection[str], before: str = "", after: str = "") -> str:
    """Return `; did you mean …?` for a name much like a known one, else `; known are …`."""
    if close := difflib.get_close_matches(wrong, known, 1):
        return f"; did you mean {before}{close[0]}{after}?"
    return f"; known are {', '.join(sorted(known))}"


class Problems:
    """The mistakes in one file."""

    def __init__(self, file: Path, lines: dict[At, int], rule_names: Sequence[str]) -> None:
        self._file, self._lines, self._rule_names = file, lines, rule_names
        self._found: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._found)

    def add(self, at: At, message: str) -> None:
        """Note a mistake at a place; the message goes on after the place's name."""
        where = f"{_in_rule(at)} {message}".strip()
        line = line_of(self._lines, at)
        self._found.append((line, f"{self._file}:{line}: {self.rule(at)}{where}"))

    def rule(self, at: At) -> str:
        """Return `rule 3 "name": ` for a place in a rule, `""` for any other."""
        if at[:1] != ("rule",) or len(at) < 2:
            return ""
        number = int(at[1])
        name = self._rule_names[number]
        return f'rule {number + 1} "{name}": ' if name else f"rule {number + 1}: "

    def listed(self) -> list[str]:
        """Return one line for each, in the file's order."""
        return [told for _, told in sorted(self._found, key=lambda one: one[0])]


def dotted(at: At) -> str:
    """Return a place as it is written to people: `follow_up[2].text`, counted from 1."""
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in at]
    return "".join(parts).removeprefix(".")


def _in_rule(at: At) -> str:
    """Return a place's name within its rule, `""` for the rule itself; its whole name outside of rules."""
    return dotted(at[2:] if at[:1] == ("rule",) and len(at) > 1 else at)


class Table:
    """One table of the file. A value of the wrong kind is noted, and its default returned."""

    def __init__(self, values: Mapping[str, Any], at: At, problems: Problems) -> None:
        self.values, self.at, self._problems = values, at, problems

    def __contains__(self, key: str) -> bool:
        return key in self.values

    def only(self, known: Collection[str]) -> None:
        """Note every key that is none of the known ones."""
        parent = _in_rule(self.at)
        for key in self.values:
            if key not in known:
                before = f"{parent}." if parent else ""
                self.wrong(key, f"is not known{suggestion(key, known, before)}")

    def wrong(self, key: str, message: str) -> None:
        """Note a mistake at a key, or at the table itself for `""`."""
        self._problems.add((*self.at, key) if key else self.at, message)

    def wrong_item(self, key: str, number: int, message: str) -> None:
        """Note a mistake at an item, from 0, of the list at a key."""
        self._problems.add((*self.at, key, number), message)

    def get(self, key: str, kind: type[T], default: T) -> T:
        """Return the value of a key, the default when it is absent or of another kind."""
        value = self.values.get(key, default)
        if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
            return value
        self.wrong(key, f"is not {_KINDS[kind]}")
        return default

    def texts(self, key: str) -> list[str]:
        """Return the texts of a key that holds one or a list of them; none may be empty."""
        value = self.values.get(key, [])
        found = value if isinstance(value, list) else [value]
        if all(isinstance(one, str) and one for one in found) and (found or key not in self.values):
            return found
        self.wrong(key, "is not a text, nor a list of texts")
        return []

    def choice(self, key: str, known: Sequence[str]) -> str:
        """Return the value of a key that is one of the known words, the first when absent, `""` when wrong."""
        value = self.get(key, str, known[0] if key not in self.values else "")
        if value not in known and isinstance(self.values[key], str):
            self.wrong(key, f"is {value!r}{suggestion(value, known)}")
        return value if value in known else ""

    def table(self, key: str) -> "Table":
        """Return the table at a key, an empty one when there is none."""
        return Table(self.get(key, dict, {}), (*self.at, key), self._problems)

    def tables(self, key: str) -> list["Table"]:
        """Return the tables in the list at a key."""
        rows = self.get(key, list, [])
        for number, row in enumerate(rows):
            if not isinstance(row, dict):
                self.wrong_item(key, number, "is not a table")
        return [
            Table(row, (*self.at, key, n), self._problems) for n, row in enumerate(rows) if isinstance(row, dict)
        ]
