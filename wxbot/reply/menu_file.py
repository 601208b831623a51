"""The menu file, read as a whole: the menus in it, what is doubtful, and every mistake with its line."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width
from urllib.parse import urlsplit

from wxbot.errors import MenuError
from wxbot.protocol.menu import (
    BELOW,
    BELOW_NAME,
    BELOW_SHOWN,
    FIELDS,
    LIMITS,
    MATCHRULE,
    TOP,
    TOP_NAME,
    TOP_SHOWN,
    Conditional,
    Menu,
    keys_of,
)
from wxbot.reply.bot import Bot
from wxbot.reply.menu_taps import is_answered
from wxbot.reply.toml_file import parse
from wxbot.reply.toml_lines import At, lines_of
from wxbot.reply.toml_table import Problems, Table

KEYS = ("name", "type", *sorted({name for names in FIELDS.values() for name in names}))
_DOMAINS = 3  # to which the links of all conditional menus together may lead
_SYSTEMS = {"1": "iOS", "2": "Android", "3": "others"}


@dataclass(frozen=True, slots=True)
class MenuFile:
    """What a file holds: `doubts` one a line."""

    menu: Menu
    doubts: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Level:
    """The buttons of one level: how many, how long their names, and of how many Chinese characters one sees all."""

    most: int
    name: int
    shown: int


_TOP, _BELOW = _Level(TOP, TOP_NAME, TOP_SHOWN), _Level(BELOW, BELOW_NAME, BELOW_SHOWN)


def read_menu(path: Path, bot: Bot | None, now: float) -> MenuFile:
    """Return the menus of a file; raises MenuError with every mistake in it.

    Keys that no handler of `bot` is for are doubtful, at whatever time of the day of `now` they are tapped.
    """
    text, values = parse(path, MenuError)
    lines = lines_of(text)
    reader = _Reader(Problems(path, lines, ()), Problems(path, lines, ()))
    menu = reader.menu(values)
    if reader.wrong:
        raise MenuError(*reader.wrong.listed())
    unanswered = [] if bot is None else [key for key in keys_of(menu) if not is_answered(bot, *key, now)]
    reader.doubt_keys(values, unanswered)
    return MenuFile(menu, reader.doubts.listed())


class _Reader:
    """Reads one file's values; what is wrong and what is doubtful is noted on the way."""

    def __init__(self, wrong: Problems, doubts: Problems) -> None:
        self.wrong, self.doubts = wrong, doubts

    def menu(self, values: dict[str, Any]) -> Menu:
        top = Table(values, (), self.wrong)
        top.only(["button", "conditional"])
        conditional = [self._conditional(one) for one in top.tables("conditional")]
        menu = Menu(self._buttons(top, "button", _TOP), conditional)
        self._check_together(top, menu)
        return menu

    def _conditional(self, table: Table) -> Conditional:
        table.only(["button", "matchrule"])
        rule = table.table("matchrule")
        rule.only(MATCHRULE)
        if not rule.values:
            rule.wrong("", f"needs one of {', '.join(MATCHRULE)}: whom this menu is for")
        for key in rule.values:
            if not str(rule.values[key]).isdecimal():
                rule.wrong(key, "is not a whole number")
        system = str(rule.values.get("client_platform_type", "1"))
        if system not in _SYSTEMS:
            rule.wrong("client_platform_type", "is none of 1 (iOS), 2 (Android) and 3 (others)")
        return Conditional(
            self._buttons(table, "button", _TOP), {key: str(value) for key, value in rule.values.items()}
        )

    def _check_together(self, top: Table, menu: Menu) -> None:
        rules = [one.name for one in menu.conditional]
        for number, name in enumerate(rules):
            if name in rules[:number]:
                top.wrong_item("conditional", number, f"is for {name}, as conditional[{rules.index(name) + 1}] is")
        found = {
            urlsplit(url).hostname or ""
            for one in menu.conditional
            for button in one.buttons
            for sub in button.get("sub_button") or [button]
            if isinstance(url := sub.get("url"), str)
        }
        if len(found) > _DOMAINS:
            top.wrong(
                "conditional",
                f"leads to {len(found)} hosts ({', '.join(sorted(found))}); "
                f"conditional menus may lead to {_DOMAINS} together",
            )

    def _buttons(self, table: Table, key: str, level: _Level) -> list[dict[str, Any]]:
        rows = table.tables(key)
        if not 1 <= len(rows) <= level.most:
            table.wrong(key, f"has {len(rows)} buttons; here are 1 to {level.most}")
        return [self._button(row, level) for row in rows]

    def _button(self, table: Table, level: _Level) -> dict[str, Any]:
        name = table.get("name", str, "")
        self._check_name(table, name, level)
        if "sub_button" in table and level is _TOP:
            table.only(["name", "sub_button"])
            return {"name": name, "sub_button": self._buttons(table, "sub_button", _BELOW)}
        kind = self._kind(table)
        fields = FIELDS.get(kind, ())
        table.only(["name", "type", *(fields or KEYS)])
        return {"type": kind, "name": name, **{field: self._field(table, field, kind) for field in fields}}

    def _kind(self, table: Table) -> str:
        if "type" not in table:
            table.wrong("", f"needs a type ({', '.join(FIELDS)}) or [[button.sub_button]] below it")
            return ""
        return table.choice("type", list(FIELDS))

    def _check_name(self, table: Table, name: str, level: _Level) -> None:
        size = len(name.encode())
        if not name.strip():
            table.wrong("name" if "name" in table else "", "needs a name that is not blank")
        elif size > level.name:
            table.wrong("name", f"has {size} bytes; here are at most {level.name}")
        elif _width(name) > 2 * level.shown:
            self.doubts.add(
                (*table.at, "name"), f"is longer than the {level.shown} Chinese characters a phone shows"
            )

    def _field(self, table: Table, field: str, kind: str) -> str:
        value = table.get(field, str, "")
        if field not in table or (isinstance(table.values[field], str) and not value):
            table.wrong(field if field in table else "", f"{kind} needs {field}")
        if len(value.encode()) > LIMITS[field]:
            table.wrong(field, f"has {len(value.encode())} bytes; at most {LIMITS[field]} are allowed")
        if field == "url" and value and not value.startswith(("http://", "https://")):
            table.wrong(field, f"is {value[:40]!r}; it begins with https:// or http://")
        if field == "appid" and value and not value.startswith("wx"):
            table.wrong(field, f"is {value[:40]!r}; the AppID of a mini program begins with wx")
        return value

    def doubt_keys(self, values: dict[str, Any], unanswered: Collection[tuple[str, str]]) -> None:
        """Note each button whose key no handler is for."""
        for at, button in _placed(values, ()):
            if (button.get("type"), button.get("key")) in unanswered:
                self.doubts.add((*at, "key"), f"is {button['key']!r}, and neither a handler nor a rule is for it")


def _placed(values: dict[str, Any], at: At) -> list[tuple[At, dict[str, Any]]]:
    """Return every table that has a key, with its place."""
    found: list[tuple[At, dict[str, Any]]] = [(at, values)] if "key" in values else []
    for name in ("button", "sub_button", "conditional"):
        for number, row in enumerate(values.get(name, ())):
            found += _placed(row, (*at, name, number))
    return found


def _width(text: str) -> int:
    """Return how wide a text is, in halves of a Chinese character."""
    return sum(2 if east_asian_width(one) in "WF" else 1 for one in text)
