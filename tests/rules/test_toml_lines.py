"""Where the values of a TOML text stand, against tomllib's reading of the same text."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wxbot.reply.toml_lines import At, line_of, lines_of

NASTY = r'''# [[rule]] in a comment
title = "a # [x] = \" "

"quoted key".'and.another' = 1.5 # trailing = [
many = """
x = 1
[[rule]]
\""""""
literal = @@@
\y = '
@@@''
moment = 1979-05-27 07:32:00Z
[[rule]]
name='x'
reply = {type="news", articles=[ # an array over lines
  {title="a"},

  {title='b, ]}', x=[[1, 2],
[3]]},
]}
[rule.match]
text = ["a",
 "b"]
[[rule.follow_up]]
at = 07:32:00
[[rule.follow_up]]
at = 07:33:00
[ rule . deep ]
z = 1
[[rule]]
[rule.match]
deep.er = ''
[[rule.follow_up]]
at = 1
'''.replace("@@@", "'''")
SHIPPED = Path(__file__).parents[2] / "config"


def places(value: Any, at: At = ()) -> Iterator[At]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield (*at, key)
        yield from places(one, (*at, key))


@pytest.mark.parametrize(
    "text",
    [NASTY, NASTY.replace("\n", "\r\n"), *(file.read_text("utf-8") for file in sorted(SHIPPED.glob("*.toml")))],
    ids=lambda text: text[:12],
)
def test_every_place_that_tomllib_finds_has_a_line_that_holds_its_key(text: str) -> None:
    lines, found = text.split("\n"), lines_of(text)

    there = set(places(tomllib.loads(text)))

    assert set(found) == there
    for at in there:
        name = next(key for key in reversed(at) if isinstance(key, str))
        if isinstance(at[-1], str) or f"[{name}]" in lines[found[at] - 1]:
            assert name in lines[found[at] - 1]


@pytest.mark.parametrize(
    ("at", "line"),
    [
        (("many",), 5),
        (("literal",), 9),
        (("moment",), 12),
        (("rule", 0), 13),
        (("rule", 0, "reply", "articles", 1, "title"), 18),
        (("rule", 0, "reply", "articles", 1, "x", 1), 19),
        (("rule", 0, "match", "text", 1), 23),
        (("rule", 0, "follow_up", 1, "at"), 27),
        (("rule", 0, "deep", "z"), 29),
        (("rule", 1), 30),
        (("rule", 1, "match", "deep", "er"), 32),
        (("rule", 1, "follow_up", 0, "at"), 34),
    ],
)
def test_a_place_has_the_line_it_was_written_on(at: At, line: int) -> None:
    assert lines_of(NASTY)[at] == line


def test_a_place_that_is_not_there_has_the_line_of_what_is_around_it() -> None:
    found = lines_of(NASTY)

    assert line_of(found, ("rule", 1, "reply", "text")) == 30
    assert line_of(found, ("nothing",)) == 1
