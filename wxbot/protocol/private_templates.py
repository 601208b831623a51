"""The templates that were added to an account, and whether a topic's settings fit them.

The kind of a field, which stands in front of its number, limits its text: `thing1` has 20 characters.
Source: docs/platform.md §9.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wxbot.protocol.notice import Notice

_FIELD = re.compile(r"\{\{\s*(\w+)\.DATA\s*\}\}")
_KIND = re.compile(r"([a-z_]+?)_?\d+$")
LIMITS = {  # characters
    "thing": 20,
    "number": 32,
    "letter": 32,
    "symbol": 5,
    "character_string": 32,
    "phone_number": 17,
    "car_number": 8,
    "name": 20,
    "phrase": 5,
    "const": 20,
}


@dataclass(frozen=True, slots=True)
class PrivateTemplate:
    """One of them; `kind` is `template` or `subscription`, `choices` are the only texts that a field may have."""

    id: str
    kind: str
    title: str
    content: str
    example: str
    choices: Mapping[str, Sequence[str]]

    @property
    def fields(self) -> list[str]:
        """The names of its fields, in their order."""
        return list(dict.fromkeys(_FIELD.findall(self.content)))


def templates_of(answer: Mapping[str, Any]) -> list[PrivateTemplate]:
    """Return what `get_all_private_template` answered."""
    return [_template(one, "template", "template_id") for one in _rows(answer.get("template_list"))]


def notifications_of(answer: Mapping[str, Any]) -> list[PrivateTemplate]:
    """Return what `newtmpl/gettemplate` answered."""
    return [_template(one, "subscription", "priTmplId") for one in _rows(answer.get("data"))]


def _template(one: Mapping[str, Any], kind: str, id: str) -> PrivateTemplate:
    texts = {name: str(one.get(name) or "") for name in (id, "title", "content", "example")}
    choices = {
        str(each.get("keywordCode", "")): [str(text) for text in each.get("enumValueList") or ()]
        for each in _rows(one.get("keywordEnumValueList"))
    }
    return PrivateTemplate(texts[id], kind, texts["title"], texts["content"], texts["example"], choices)


def _rows(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def mistakes(kind: str, notice: Notice, known: Sequence[PrivateTemplate]) -> list[str]:
    """Return what would be refused of a notice, and why; nothing when it fits its template."""
    found = next((one for one in known if (one.kind, one.id) == (kind, notice.template_id)), None)
    if found is None:
        ids = ", ".join(one.id for one in known if one.kind == kind) or "none"
        return [f"the account has no {kind} {notice.template_id}; it has {ids}"]
    there, wanted = set(found.fields), set(notice.data)
    wrong = [
        f"{name} is no field of {found.title!r}; it has {', '.join(found.fields)}"
        for name in sorted(wanted - there)
    ]
    wrong += [f"{name} of {found.title!r} is not filled" for name in found.fields if name not in wanted]
    return [*wrong, *_too_long(notice, found)]


def _too_long(notice: Notice, found: PrivateTemplate) -> Iterator[str]:
    """Yield what of the fixed text alone is wrong in its field, whatever the values will be."""
    for name, text in notice.data.items():
        kind = _KIND.fullmatch(name)  # `keyword1` and `first`, of older templates, have none that limits anything
        limit = LIMITS.get(kind[1]) if kind else None
        size = sum(len(piece) for piece in text.pieces)
        if limit is not None and size > limit:
            yield f"{name} has {size} characters without its values; it takes {limit}"
        choices = found.choices.get(name)
        if choices and not text.places and text.pieces[0] not in choices:
            yield f"{name} is {text.pieces[0]!r}; it may be {', '.join(choices)}"
