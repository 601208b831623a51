"""How the commands print: tables for people, one JSON document for programs, local times for both."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from wxbot.protocol.window import Grant, is_unlimited

_WIDEST = 10_000  # columns; a line too long beats an openid cut short

ID = click.IntRange(1, 2**63 - 1)  # what the store can hold
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
ACCOUNT = click.option("--account", default="default", show_default=True, help="Which Official Account.")


def local(seconds: float | None) -> str:
    """Return Unix seconds as local time with its zone, for people; `-` for None."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S%z") if seconds else "-"


def span(seconds: float) -> str:
    """Return a span for people: `47h 12m`, `55s`."""
    hours, rest = divmod(int(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}h {minutes:02d}m" if hours else f"{minutes}m {left:02d}s" if minutes else f"{left}s"


def grant(one: Grant) -> str:
    """Return a grant for people: `message 5 until 2026-11-27 07:00:00+0800`."""
    left = "any number" if is_unlimited(one.left) else str(one.left)
    return f"{one.kind} {left} until {local(one.expires_at)}"


def document(value: Any) -> None:
    """Print one JSON document, every character as itself."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], empty: str) -> None:
    """Print a table, or one sentence when there is nothing to show."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        shown.add_column(column, no_wrap=True)
    for row in rows:
        shown.add_row(*(Text(cell) for cell in row))
    console = Console()
    unbound = console.options.update(width=_WIDEST)
    console.width = max(console.width, console.measure(shown, options=unbound).maximum)
    if shown.row_count:
        console.print(shown)
    else:
        click.echo(empty)
