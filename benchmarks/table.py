"""The scoreboard's table in docs/reliability.md: figures that were made anew replace their lines."""

import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.figure import Figure

PAGE = Path(__file__).parents[1] / "docs" / "reliability.md"
_BEGIN, _END = "<!-- scoreboard -->\n", "<!-- end of scoreboard -->"
_HEAD = "| # | Figure | Measured | Holds | When, seed, commit |\n|---|---|---|---|---|\n"


def write_table(made: Sequence[Figure], seed: int, commit: str) -> None:
    """Put these figures into the page's table."""
    page = PAGE.read_text("utf-8")
    before, rest = page.split(_BEGIN)
    table, after = rest.split(_END)
    rows = {row[1]: row[0] for row in re.finditer(r"^\| (\d+[a-z]?) \|.*\n", table, re.MULTILINE)}
    rows |= {figure.number: _row(figure, seed, commit) for figure in made}
    lines = "".join(rows[number] for number in sorted(rows, key=_in_order))
    PAGE.write_text(before + _BEGIN + _HEAD + lines + _END + after, "utf-8")


def _in_order(number: str) -> tuple[int, str]:
    return int(number.rstrip("ab")), number


def _row(figure: Figure, seed: int, commit: str) -> str:
    day = datetime.now(UTC).date()
    verdict = "no: " + "; ".join(figure.broken) if figure.broken else "yes"
    said = f"{figure.told}. {figure.note}" if figure.note else figure.told
    return f"| {figure.number} | {figure.name} | {said} | {verdict.replace('|', '/')} | {day}, {seed}, {commit} |\n"


def commit() -> str:
    """Return what the checkout stands at, `unknown` outside of one."""
    told = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"
