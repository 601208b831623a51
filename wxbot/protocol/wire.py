"""The XML of a push and of a passive reply: bytes to plain fields, and fields to bytes.

Hostile input is expected: no DTD, no entities, UTF-8 only, capped in depth and number, and
control characters (which a user's text may carry) are taken out first.
Source: docs/platform.md §2.1, §10.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from lxml import etree

from wxbot.errors import MalformedPush

Value: TypeAlias = "str | Fields | list[str | Fields]"
Fields: TypeAlias = dict[str, Value]  # by the platform's element names; repeated children become a list

MAX_DEPTH = 8  # levels of elements
MAX_ELEMENTS = 500

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_PROLOG = re.compile(r"\ufeff?\s*(?:<\?xml\s[^>]*\?>)?\s*")
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{0,18})?", re.ASCII)
_FOREIGN = re.compile(r"""encoding\s*=\s*["'](?!utf-?8["'])""", re.IGNORECASE)


def printable(text: str) -> str:
    """Return `text` without the characters that XML 1.0 forbids."""
    return _ILLEGAL.sub("", text)


def parse(body: bytes) -> Fields:
    """Return the fields of a push's `<xml>`.

    Raises MalformedPush for anything that is not small, flat, UTF-8 XML without a DTD.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise MalformedPush(f"the body is not UTF-8: {exc.reason} at byte {exc.start}") from None
    prolog = _PROLOG.match(text)
    start = prolog.end() if prolog else 0
    # A DTD can stand only before the root, also behind a comment or an instruction: let nothing stand there.
    if not text.startswith("<xml", start) or _FOREIGN.search(text, 0, start):
        raise MalformedPush("a push begins with <xml>, after at most a declaration of UTF-8: no DTD, no comment")
    return _fields(_root(printable(text[start:])))


def _root(text: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as exc:  # its text quotes the body, which no log may hold
        raise MalformedPush(f"the body is not XML at line {exc.lineno}, column {exc.offset}") from None
    if root.tag != "xml" or not len(root):
        raise MalformedPush(f"the root is <{str(root.tag)[:40]}> with {len(root)} children, not a filled <xml>")
    return root


def _fields(root: etree._Element) -> Fields:
    """Turn a tree into dicts without recursion, so that depth costs nothing."""
    top: Fields = {}
    waiting: list[tuple[etree._Element, Fields, int]] = [(root, top, 1)]
    seen = 0
    while waiting:
        parent, into, depth = waiting.pop()
        for element in parent:
            seen += 1
            if depth > MAX_DEPTH or seen > MAX_ELEMENTS:
                raise MalformedPush(f"more than {MAX_DEPTH} levels or {MAX_ELEMENTS} elements")
            name = str(element.tag)
            if name.startswith("{"):  # each child would repeat its namespace: 60 KB become 30 MB
                raise MalformedPush("a push has no namespaces")
            value: str | Fields = element.text or ""
            if len(element):
                value = {}
                waiting.append((element, value, depth + 1))
            _add(into, name, value)
    return top


def _add(into: Fields, name: str, value: "str | Fields") -> None:
    there = into.get(name)
    if there is None:
        into[name] = value
    elif isinstance(there, list):
        there.append(value)
    else:
        into[name] = [there, value]


def text_of(fields: Fields, name: str) -> str:
    """Return the text of one field, `""` when it is absent or not a text."""
    value = fields.get(name, "")
    return value if isinstance(value, str) else ""


def texts_of(fields: Fields, name: str) -> list[str]:
    """Return the texts of an element, alike whether the platform sent none, one or many."""
    value = fields.get(name, [])
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str) and one]


def number(text: str) -> float:
    """Return a decimal field's value, 0.0 when it is not one: a push is never refused for a bad detail."""
    return float(text) if _NUMBER.fullmatch(text) else 0.0


def children_of(fields: Fields, *path: str) -> list[Fields]:
    """Return the elements at `path`, alike whether the platform sent none, one or many."""
    level = [fields]
    for name in path:
        found: list[Fields] = []
        for at in level:
            value = at.get(name, [])
            found += [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
        level = found
    return level


def cdata(text: str) -> str:
    """Return `text` as CDATA that no content can end early."""
    return "<![CDATA[" + printable(text).replace("]]>", "]]]]><![CDATA[>") + "]]>"


Tree: TypeAlias = "str | int | Mapping[str, Tree] | Sequence[Tree]"


def render(tree: Mapping[str, Tree], *, root: str = "xml") -> str:
    """Return a tree as XML text: numbers bare, texts as CDATA, a list as repeated `<item>`s."""
    return f"<{root}>" + "".join(_element(name, value) for name, value in tree.items()) + f"</{root}>"


def _element(name: str, value: Tree) -> str:
    if isinstance(value, str):
        inner = cdata(value)
    elif isinstance(value, int):
        inner = str(value)
    elif isinstance(value, Mapping):
        return render(value, root=name)
    else:
        inner = "".join(_element("item", one) for one in value)
    return f"<{name}>{inner}</{name}>"
