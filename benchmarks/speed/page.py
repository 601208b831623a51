"""Where the results stand: docs/performance.md, a table for each benchmark, and pictures beside it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks.table import commit

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
WRITE = click.option("--write", is_flag=True, help="Put the result into docs/performance.md.")


def tell(name: str, lines: Sequence[str], *, write: bool, picture: str = "") -> None:
    """Print a result; with `write` put it into the page between its two marks, and its picture beside the page."""
    click.echo("\n".join(lines))
    if not write:
        return
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, rest = PAGE.read_text("utf-8").split(begin)
    _, after = rest.split(end)
    made = [f"Measured on {datetime.now(UTC).date()}, commit {commit()}.", "", *lines, ""]
    if picture:
        (PAGE.parent / "images" / f"{name}.svg").write_text(picture, "utf-8")
        made = [f"![The same as a picture](images/{name}.svg)", "", *made]
    PAGE.write_text(before + begin + "\n".join(made) + end + after, "utf-8")
