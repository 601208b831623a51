"""docs/errcodes.md says what the code does: the page is written here and compared here.

To write it again, from the project's folder: `python -m tests.test_errcode_docs`.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from wxbot.protocol.errcodes import AT_TOKEN, GROUPS, Row
from wxbot.protocol.reaction import (
    ACTIONS,
    MEANINGS,
    MEANINGS_AT_TOKEN,
    UNLISTED_ATTEMPTS,
    Meaning,
    Reaction,
    gate_seconds,
    probe_seconds,
)

PAGE = Path(__file__).parent.parent / "docs" / "errcodes.md"
COMMAND = "python -m tests.test_errcode_docs"
NOON_IN_BEIJING = 1_795_492_800  # 2026-11-24; any noon gives the same page

HEAD = f"""\
# Error codes

What the platform answers, what it means, and what wxbot does then. Written from `wxbot/protocol/errcodes.py`
by `{COMMAND}`; change the table there, not this page. The rules behind it: [platform.md](platform.md) §7.

A code that is not listed is tried {UNLISTED_ATTEMPTS} times in all; then the message
is given up, and its `errmsg` and `rid` are kept.
"""
TABLE = "| Code | 含义 | Meaning | What wxbot does |\n|---|---|---|---|"


def page() -> str:
    """Return the whole of docs/errcodes.md."""
    return "\n".join([HEAD, *_groups(), *_token(), *_reactions(), *_gates()]) + "\n"


def _groups() -> Iterator[str]:
    for title, rows in GROUPS.items():
        yield f"## {title}\n\n{TABLE}"
        yield from _lines(rows, MEANINGS)
        yield ""


def _token() -> Iterator[str]:
    yield "## From the token endpoint\n\nHere these codes mean something else than in answer to a send.\n"
    yield TABLE
    yield from _lines(AT_TOKEN, MEANINGS_AT_TOKEN)
    yield ""


def _lines(rows: Iterable[Row], meanings: dict[int, Meaning]) -> Iterator[str]:
    for errcode, *_ in rows:
        found = meanings[errcode]
        yield f"| {errcode} | {found.zh} | {found.en} | **{found.reaction}**: {ACTIONS[found.reaction][1]} |"


def _reactions() -> Iterator[str]:
    yield "## Reactions\n\n| Reaction | 处理 | What wxbot does |\n|---|---|---|"
    for reaction in Reaction:
        zh, en = ACTIONS[reaction]
        yield f"| {reaction} | {zh} | {en} |"
    yield ""


def _gates() -> Iterator[str]:
    yield "## Gates\n\nHow long an interface of one account stays closed; a random spread comes on top.\n"
    yield "| Closed for | One call may try | After |\n|---|---|---|"
    alike: dict[tuple[str, str], list[str]] = {}
    for errcode in MEANINGS:
        if gate := _gate(errcode):
            alike.setdefault(gate, []).append(str(errcode))
    for (span, probe), errcodes in alike.items():
        yield f"| {span} | {probe} | {', '.join(errcodes)} |"


def _gate(errcode: int) -> tuple[str, str] | None:
    """Return how long and how often in words, or None for a code that closes nothing."""
    seconds, probe = gate_seconds(errcode, NOON_IN_BEIJING, 0), probe_seconds(errcode)
    if seconds is None:
        return None
    rest_of_day = MEANINGS[errcode].reaction is Reaction.WAIT_DAY
    span = "the rest of the day in Beijing" if rest_of_day else f"{seconds:,.0f} s"
    return span, f"every {probe:,.0f} s" if probe else "no"


def test_the_page_of_error_codes_says_what_the_code_does() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), f"docs/errcodes.md is out of date: run `{COMMAND}`"


def test_no_text_breaks_its_table() -> None:
    texts = [text for found in MEANINGS.values() for text in (found.zh, found.en)]

    assert not [text for text in texts if "|" in text]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
