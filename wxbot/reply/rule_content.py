"""What a rule says: a content of the rules file, with places for values.

Content that would be refused whatever the user wrote is noted when the file is read.
Source: docs/platform.md §3, §5.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import partial
from typing import Any

from wxbot import template
from wxbot.errors import InvalidMessage
from wxbot.protocol import content
from wxbot.protocol.content import MAX_TEXT, Content, split_text
from wxbot.protocol.outgoing import message_json
from wxbot.reply.toml_table import Table, suggestion
from wxbot.template import Template

TYPES: Mapping[str, type[Any]] = {
    "text": content.Text,
    "image": content.Image,
    "voice": content.Voice,
    "video": content.Video,
    "music": content.Music,
    "news": content.News,
    "mpnews": content.MpNews,
    "mpnewsarticle": content.MpNewsArticle,
    "msgmenu": content.MsgMenu,
    "wxcard": content.WxCard,
    "miniprogrampage": content.MiniProgramPage,
    "transfer_customer_service": content.TransferCustomerService,
}
_STAND_IN = template.parse("x")  # for a text that is wrong, so that the rest can still be looked at
_ROWS: Mapping[str, type[Any]] = {"articles": content.Article, "list": content.MenuItem}


@dataclass(frozen=True, slots=True)
class Names:
    """What may stand in `{{name}}`: `fixed` values from the file, and names that each push fills."""

    fixed: Mapping[str, str]
    pushed: frozenset[str]

    @property
    def sample(self) -> dict[str, str]:
        """A value for every name, to try a content with: one letter where the push decides."""
        return {**dict.fromkeys(self.pushed, "x"), **self.fixed}


@dataclass(frozen=True, slots=True)
class Says:
    """A content whose texts are templates."""

    cls: type[Any]
    texts: Mapping[str, Template]
    rows: Mapping[str, tuple["Says", ...]]

    def content(self, values: Mapping[str, str]) -> Content | None:
        """Return the content with values in place, None for a text that came out blank.

        Raises InvalidMessage when the values make it one that the platform would refuse.
        """
        filled = self._fill(values)
        if self.cls is content.Text and not split_text(filled["content"]):
            return None
        made: Content = self.cls(**filled)
        return made

    def follow_up(self, values: Mapping[str, str]) -> Content | None:
        """Return it as `content` does, a text cut to what one message holds: users may write long texts."""
        made = self.content(values)
        return content.Text(split_text(made.content)[0]) if isinstance(made, content.Text) else made

    def _fill(self, values: Mapping[str, str]) -> dict[str, Any]:
        texts = {name: text.render(values) for name, text in self.texts.items()}
        rows = {name: [row.cls(**row._fill(values)) for row in rows] for name, rows in self.rows.items()}
        return {**texts, **rows}


def read_text(table: Table, key: str, names: Names) -> Template:
    """Return the template at a key; what is wrong with it is noted."""
    return parse_text(table.get(key, str, ""), names, partial(table.wrong, key))


def parse_text(text: str, names: Names, wrong: Callable[[str], None]) -> Template:
    """Return the template of a text; `wrong` is told what is wrong with it."""
    try:
        found = template.parse(text)
    except ValueError as exc:
        wrong(str(exc))
        return _STAND_IN
    known = {*names.fixed, *names.pushed}
    for name in sorted(found.names - known):
        wrong(f"has {{{{{name}}}}}, which is not known{suggestion(name, known, '{{', '}}')}")
    return found if found.names <= known else _STAND_IN


def read_says(table: Table, key: str, names: Names, *, as_follow_up: bool = False) -> Says | None:
    """Return what stands at a key, a text or a table with `text` or `type`; None when there is no telling."""
    value = table.values.get(key)
    if not isinstance(value, str | dict):
        table.wrong(key, "is not a text or a table")
        return None
    says = _text(table, key, names) if isinstance(value, str) else _of_table(table.table(key), names)
    try:
        if says is not None:
            _check(says, names, as_follow_up=as_follow_up)
    except InvalidMessage as exc:
        table.wrong(key, f"cannot be said: {exc}")
    return says


def _text(table: Table, key: str, names: Names) -> Says:
    return Says(content.Text, {"content": read_text(table, key, names)}, {})


def _of_table(table: Table, names: Names) -> Says | None:
    if "type" in table:
        msgtype = table.choice("type", tuple(TYPES))
        return _fields(table, TYPES[msgtype], names, more=("type",)) if msgtype else None
    table.only(["text", "type"])
    if "text" in table:
        return _text(table, "text", names)
    if not table.values:
        table.wrong("", "needs text, or type and its fields")
    return None


def _fields(table: Table, cls: type[Any], names: Names, more: tuple[str, ...] = ()) -> Says:
    """Return the content of a class from its fields; its lists may come out empty, which `_check` tells."""
    slots = fields(cls)
    table.only([*(slot.name for slot in slots), *more])
    texts, rows = {}, {}
    for slot in slots:
        if slot.name in _ROWS:
            rows[slot.name] = tuple(_fields(row, _ROWS[slot.name], names) for row in table.tables(slot.name))
        elif slot.name in table:
            texts[slot.name] = read_text(table, slot.name, names)
        elif slot.default is MISSING:
            table.wrong("", f"needs {slot.name}")
            texts[slot.name] = _STAND_IN
    return Says(cls, texts, rows)


def _check(says: Says, names: Names, *, as_follow_up: bool) -> None:
    """Try a content with short values; raises InvalidMessage when no values could make it right."""
    made = says.content(names.sample)
    if made is None:
        raise InvalidMessage("the text is empty")
    if isinstance(made, content.Text) and (size := len(made.content.encode())) > MAX_TEXT:
        raise InvalidMessage(f"the text has {size} bytes of UTF-8, and a message holds {MAX_TEXT}")
    if as_follow_up:
        message_json(made)
