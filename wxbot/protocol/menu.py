"""Menus: what a button needs, one form for the file's and the platform's, and what differs between two.

A menu is the platform's JSON without what is empty: buttons with `name` and either `sub_button` or `type` and
the fields of that type. Source: docs/platform.md §9.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any, Literal

Button = Mapping[str, Any]
Buttons = Sequence[Button]

TOP, BELOW = 3, 5  # buttons
TOP_NAME, BELOW_NAME = 16, 60  # bytes
TOP_SHOWN, BELOW_SHOWN = 4, 8  # Chinese characters that a phone shows
LIMITS = {"key": 128, "url": 1024, "pagepath": 1024, "appid": 32, "media_id": 128, "article_id": 128}  # bytes
FIELDS: Mapping[str, tuple[str, ...]] = {
    "click": ("key",),
    "view": ("url",),
    "miniprogram": ("url", "appid", "pagepath"),
    "scancode_push": ("key",),
    "scancode_waitmsg": ("key",),
    "pic_sysphoto": ("key",),
    "pic_photo_or_album": ("key",),
    "pic_weixin": ("key",),
    "location_select": ("key",),
    "media_id": ("media_id",),
    "article_id": ("article_id",),
    "article_view_limited": ("article_id",),
}
MATCHRULE = ("tag_id", "client_platform_type")
_RENAMED = {"group_id": "tag_id"}  # as the platform still calls it when asked


@dataclass(frozen=True, slots=True)
class Conditional:
    """A menu for whom `matchrule` fits; `menuid` is the platform's number for it, `""` in a file."""

    buttons: Buttons
    matchrule: Mapping[str, str]
    menuid: str = ""

    @property
    def name(self) -> str:
        """Whom it is for, as it is written to people."""
        return ", ".join(f"{key} = {value}" for key, value in sorted(self.matchrule.items()))

    def is_like(self, other: "Conditional") -> bool:
        """Return whether both show the same to the same people."""
        return (self.buttons, self.matchrule) == (other.buttons, other.matchrule)


@dataclass(frozen=True, slots=True)
class Menu:
    """The default menu, and those tried before it: the first whose rule fits counts."""

    buttons: Buttons
    conditional: Sequence[Conditional] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One menu that a push would add, change or remove; `lines` as `diff -u` writes them, without its heads."""

    menu: str
    what: Literal["added", "changed", "removed"]
    lines: Sequence[str]


def of_answer(answer: Mapping[str, Any]) -> Menu:
    """Return what `menu/get` answered.

    The platform tries the newest conditional menu first, and numbers them as they are made.
    """
    found = [
        Conditional(plain(_rows(one.get("button"))), rule(one.get("matchrule")), str(one.get("menuid", "")))
        for one in _rows(answer.get("conditionalmenu"))
    ]
    menu = answer.get("menu")
    buttons = _rows(menu.get("button")) if isinstance(menu, dict) else []
    return Menu(plain(buttons), sorted(found, key=_age))


def _age(one: Conditional) -> int:
    return -int(one.menuid) if one.menuid.isascii() and one.menuid.isdecimal() else 0


def _rows(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def plain(buttons: Buttons) -> Buttons:
    """Return buttons without what is empty, at both levels."""
    return [
        {key: plain(value) if key == "sub_button" else value for key, value in one.items() if value}
        for one in buttons
    ]


def rule(value: object) -> dict[str, str]:
    """Return a `matchrule` without what is empty, its values as texts: the platform takes and gives both."""
    found = value if isinstance(value, dict) else {}
    return {_RENAMED.get(str(key), str(key)): str(one) for key, one in found.items() if one not in ("", None)}


def keys_of(menu: Menu) -> list[tuple[str, str]]:
    """Return type and key of every button that has a key, each once."""
    every = [menu.buttons, *(one.buttons for one in menu.conditional)]
    found = [(one["type"], one["key"]) for buttons in every for one in leaves(buttons) if "key" in one]
    return list(dict.fromkeys(found))


def leaves(buttons: Buttons) -> Iterator[Button]:
    """Yield the buttons that do something."""
    for one in buttons:
        yield from one.get("sub_button") or [one]


def drawn(buttons: Buttons) -> list[str]:
    """Return a menu in lines for people: a button a line, those below one indented."""
    lines = []
    for one in buttons:
        lines.append(_line(one))
        lines += [f"  {_line(sub)}" for sub in one.get("sub_button", ())]
    return lines


def _line(button: Button) -> str:
    rest = [f"{name}={value}" for name, value in button.items() if name not in ("name", "type", "sub_button")]
    return "  ".join(str(part) for part in (button.get("name", ""), button.get("type", ""), *rest) if part)


def kept(ours: Sequence[Conditional], theirs: Sequence[Conditional]) -> int:
    """Return how many of the oldest of `theirs` may stay; both have the one tried first in front.

    The newest is tried first, and none can be changed: from the first that differs on, all are made anew.
    """
    pairs = zip(reversed(ours), reversed(theirs), strict=False)
    return next((n for n, (one, other) in enumerate(pairs) if not one.is_like(other)), min(len(ours), len(theirs)))


def changes(ours: Menu, theirs: Menu) -> list[Change]:
    """Return what is different in ours; menus made anew only to keep their order are none."""
    found = [_change("default", theirs.buttons, ours.buttons)]
    before, after = _by_name(theirs.conditional), _by_name(ours.conditional)
    for name in [*after, *(name for name in before if name not in after)]:
        found.append(_change(name, before.get(name, ()), after.get(name, ())))
    shown = [one for one in found if one is not None]
    if not shown and kept(ours.conditional, theirs.conditional) < max(
        len(ours.conditional), len(theirs.conditional)
    ):
        was, will = ([f"[{one.name}]" for one in of.conditional] for of in (theirs, ours))
        shown.append(Change("the order of conditional menus", "changed", _differing(was, will)))
    return shown


def _by_name(of: Sequence[Conditional]) -> dict[str, Buttons]:
    """Return the menus by whom they are for; of two for the same people the first counts."""
    return {one.name: one.buttons for one in reversed(of)}


def _change(name: str, before: Buttons, after: Buttons) -> Change | None:
    if before == after:
        return None
    what: Literal["added", "changed", "removed"] = (
        "changed" if before and after else "added" if after else "removed"
    )
    return Change(name, what, _differing(drawn(before), drawn(after)))


def _differing(before: Sequence[str], after: Sequence[str]) -> list[str]:
    return [line for line in unified_diff(before, after, n=99, lineterm="") if line[:2] not in ("--", "++", "@@")]
