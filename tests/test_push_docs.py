"""docs/pushes.md says which value each push becomes: the page is written here and compared here.

To write it again, from the project's folder: `python tests/test_push_docs.py`.
"""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import fields as slots_of
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import push_samples as samples
import pytest

from wxbot.protocol.events import Event, UnknownEvent
from wxbot.protocol.inbound import MESSAGES, SPELLED, read
from wxbot.protocol.messages import Message, Push
from wxbot.protocol.window import RIGHTS, granted

PAGE = Path(__file__).parent.parent / "docs" / "pushes.md"
COMMAND = "python tests/test_push_docs.py"
# What one push cannot have beside its other fields: a status is a success or a failure, a scene no order.
EITHER = {"succeeded", "why", "err", "scene", "trade_no", "EventKey"}

HEAD = f"""\
# Pushes

Every push the platform is known to make, and the value that a handler gets. Written from the classes of
`wxbot/protocol/` by `{COMMAND}`; change them there, not this page.

Names are the platform's own, with its spelling; where it spells one in two ways, both are read. A text is `""`
and a number 0 when it was not sent, a list has as many entries as came, be it none or one. Whatever else a push
came with is in `fields`, by element name: nothing is lost because this page does not know it. "Opens" is what the
account may send afterwards (`rights = "current"`).

All have `ToUserName`, `FromUserName` (also `openid`), `CreateTime` and `MsgType`; messages `MsgId`, and `MsgDataId`
and `Idx` when the user wrote from within an article; events `Event` and `EventKey`. Any other type becomes
`UnknownMessage` or `UnknownEvent`, is kept, and answered like any push: by the bot, or with `success`.

A message with the openid, `MsgId` and `CreateTime` of one before is that one delivered again, whatever else is in
it: it gets the bytes of the first answer. Without a `MsgId`, and for events, all fields have to be the same.
"""


def page() -> str:
    """Return the whole of docs/pushes.md."""
    lines = [HEAD, "## Messages\n", *_table("MsgType", MESSAGES)]
    lines += ["\n## Events\n\n`Event` is compared in any case.\n", *_table("Event", SPELLED)]
    return "\n".join([*lines, "\n## What is in lists\n", *_rows_in_lists()]) + "\n"


def _table(title: str, of: Mapping[str, type[Push]]) -> Iterator[str]:
    yield f"| `{title}` | Value | What it tells | Its fields | Opens |\n|---|---|---|---|---|"
    for cls in dict.fromkeys(of.values()):
        names = ", ".join(f"`{name}`" for name in of if of[name] is cls)
        told = ", ".join(f"`{name}`{_kind(hint)}" for name, hint in own_fields(cls).items())
        opens = _opens(next(name for name in of if of[name] is cls))
        yield f"| {names} | `{cls.__name__}` | {_said(cls)} | {told} | {opens} |"


def _rows_in_lists() -> Iterator[str]:
    yield "| Value | What it tells | Its fields |\n|---|---|---|"
    for cls in dict.fromkeys(one for of in SPELLED.values() for one in rows_in(of)):
        told = ", ".join(f"`{name}`{_kind(hint)}" for name, hint in own_fields(cls).items())
        yield f"| `{cls.__name__}` | {_said(cls)} | {told} |"


def rows_in(cls: type[Push]) -> list[type[Any]]:
    """Return the classes of what the lists of a push hold."""
    return [
        one
        for hint in own_fields(cls).values()
        for one in get_args(hint)
        if isinstance(one, type) and is_dataclass(one)
    ]


def own_fields(cls: type[Any]) -> dict[str, Any]:
    """Return what a value has beside what all have, by name, with its type."""
    common = {slot.name for base in (Push, Message, Event) for slot in slots_of(base)} | {"key", "openid"}
    hints = {name: hint for name, hint in get_type_hints(cls).items() if not name.startswith("_")}
    for name, found in inspect.getmembers(cls, lambda one: isinstance(one, property)):
        hints[name] = get_type_hints(found.fget)["return"]
    return {name: hint for name, hint in hints.items() if name not in common}


def _kind(hint: Any) -> str:
    if inner := get_args(hint):
        row = inner[0]
        return f" (list of `{row.__name__}`)" if isinstance(row, type) and is_dataclass(row) else " (list)"
    return {str: "", int: " (number)", float: " (number)", bool: " (true or false)"}[hint]


def _said(cls: type[Any]) -> str:
    return " ".join((cls.__doc__ or "").split()).replace("|", "\\|")


def _opens(name: str) -> str:
    push = read(samples.message(name, "") if name in MESSAGES else samples.event(name, ""))
    grant = granted(push, RIGHTS["current"])
    if grant is None:
        return ""
    span = grant.expires_at - push.CreateTime
    return f"{grant.left} in {f'{span / 3600:.0f} h' if span >= 3600 else f'{span:.0f} s'}"


ALL = [*((samples.message(name), MESSAGES[name]) for name in MESSAGES),
       *((samples.event(name, samples.EVENTS.get(name, "")), SPELLED[name]) for name in SPELLED)]  # fmt: skip


def test_the_page_of_pushes_says_what_the_code_does() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), f"docs/pushes.md is out of date: run `{COMMAND}`"


def test_each_row_of_the_page_has_its_sample() -> None:
    assert set(samples.MESSAGES) == set(MESSAGES)
    assert set(samples.EVENTS) == {name for name, cls in SPELLED.items() if cls is not UnknownEvent}


@pytest.mark.parametrize(("body", "cls"), ALL)
def test_each_row_of_the_page_is_read_with_every_field_it_names(body: bytes, cls: type[Push]) -> None:
    push = read(body)

    assert type(push) is cls
    empty = [name for name in own_fields(cls) if not getattr(push, name) and name not in EITHER]
    assert empty == []
    rows = [one for name in own_fields(cls) if isinstance(getattr(push, name), list) for one in getattr(push, name)]
    assert [one for one in rows for name in own_fields(type(one)) if getattr(one, name) is None] == []


@pytest.mark.parametrize(("body", "cls"), ALL)
def test_what_the_page_does_not_name_survives_in_fields(body: bytes, cls: type[Push]) -> None:
    more = b"<NewIn2027><deep>1</deep><deep>2</deep></NewIn2027></xml>"
    push = read(body.replace(b"</xml>", more))

    assert push.fields["NewIn2027"] == {"deep": ["1", "2"]}
    assert {name: getattr(push, name) for name in own_fields(cls)} == {
        name: getattr(read(body), name) for name in own_fields(cls)
    }


@pytest.mark.parametrize(
    ("body", "name", "other"),
    [
        (samples.message("voice"), "MsgId", "MsgID"),
        (samples.message("miniprogrampage"), "AppId", "AppID"),
        (samples.message("hardware"), "OpenID", "OpenId"),
        (samples.event("TEMPLATESENDJOBFINISH"), "MsgID", "MsgId"),
        (samples.event("MASSSENDJOBFINISH"), "MsgID", "MsgId"),
        (samples.event("VIEW"), "MenuId", "MenuID"),
        (samples.event("user_info_modified"), "AppID", "AppId"),
        (samples.event("user_get_card"), "UnionId", "UnionID"),
        (samples.event("poi_check_notify"), "msg", "Msg"),
    ],
)
def test_a_field_is_read_in_both_its_spellings(body: bytes, name: str, other: str) -> None:
    spelled = body.replace(f"<{name}>".encode(), f"<{other}>".encode())
    spelled = spelled.replace(f"</{name}>".encode(), f"</{other}>".encode())

    [field] = {name, other} & {slot.name for slot in slots_of(type(read(body)))}
    assert getattr(read(spelled), field) == getattr(read(body), field) != ""


@pytest.mark.parametrize(
    ("name", "listed", "element"),
    [
        ("subscribe_msg_popup_event", "choices", "List"),
        ("subscribe_msg_change_event", "choices", "List"),
        ("subscribe_msg_sent_event", "results", "List"),
        ("pic_weixin", "PicMd5Sum", "item"),
        ("pic_weixin", "PicMd5Sum", "PicList"),
        ("PUBLISHJOBFINISH", "articles", "item"),
        ("PUBLISHJOBFINISH", "fail_idx", "fail_idx"),
        ("MASSSENDJOBFINISH", "articles", "item"),
        ("MASSSENDJOBFINISH", "copyright", "item"),
        ("MASSSENDJOBFINISH", "copyright", "ResultList"),
    ],
)
def test_what_comes_once_comes_as_a_list_of_one_and_what_comes_twice_as_two(
    name: str, listed: str, element: str
) -> None:
    once = samples.EVENTS[name]
    start, end = once.index(f"<{element}>"), once.index(f"</{element}>") + len(f"</{element}>")
    if listed == "articles" and name == "MASSSENDJOBFINISH":
        start, end = once.rindex(f"<{element}>"), once.rindex(f"</{element}>") + len(f"</{element}>")
    none, twice = once[:start] + once[end:], once[:end] + once[start:end] + once[end:]

    [one] = getattr(read(samples.event(name)), listed)
    assert getattr(read(samples.event(name, twice)), listed) == [one, one]
    assert getattr(read(samples.event(name, none)), listed) == []
    assert getattr(read(samples.event(name, "")), listed) == []


@pytest.mark.parametrize(
    ("name", "inner", "expected"),
    [
        ("TEMPLATESENDJOBFINISH", "<Status>failed: system failed</Status>", {"why": "system failed"}),
        ("TEMPLATESENDJOBFINISH", "<Status>failed:freq limit</Status>", {"why": "freq limit", "succeeded": False}),
        ("TEMPLATESENDJOBFINISH", "<Status>Success</Status>", {"why": "", "succeeded": True}),
        ("MASSSENDJOBFINISH", "<Status>send success</Status>", {"succeeded": True, "err": 0, "CheckState": 0}),
        ("MASSSENDJOBFINISH", "<Status>err(40002)</Status>", {"succeeded": False, "err": 40002}),
        ("PUBLISHJOBFINISH", "", {"publish_status": -1, "publish_id": "", "fail_idx": []}),
        ("subscribe", "<EventKey>last_trade_no_4007</EventKey>", {"trade_no": "4007", "scene": ""}),
        ("update_member_card", "<ModifyBonus>-3</ModifyBonus><ModifyBalance>x</ModifyBalance>",
         {"ModifyBonus": -3, "ModifyBalance": 0}),
    ],
)  # fmt: skip
def test_an_event_says_what_its_words_mean(name: str, inner: str, expected: Mapping[str, object]) -> None:
    push = read(samples.event(name, inner))

    assert {each: getattr(push, each) for each in expected} == expected


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
