"""`wxbot rules`: look at a rules file before it is used."""

from pathlib import Path

import click

from wxbot.cli import show
from wxbot.errors import RulesError
from wxbot.reply.rules_file import RulesFile, read_rules


@click.group()
def rules() -> None:
    """Answers without code: the rules file."""


@rules.command()
@click.argument("file", type=click.Path(path_type=Path), envvar="WXBOT_RULES", default="rules.toml")
@show.AS_JSON
def check(file: Path, as_json: bool) -> None:
    """Check a rules file, line by line; exit 2 when it has mistakes.

    FILE is WXBOT_RULES, or rules.toml here, when it is not given.
    """
    found, wrong = _read(file)
    if as_json:
        show.document({"rules": len(found.rules), "mistakes": wrong, "doubts": list(found.doubts)})
    else:
        _tell(found, wrong)
    if wrong:
        raise SystemExit(2)


def _read(file: Path) -> tuple[RulesFile, list[str]]:
    try:
        return read_rules(file), []
    except RulesError as exc:
        return RulesFile((), ()), list(exc.problems)


def _tell(found: RulesFile, wrong: list[str]) -> None:
    for line in (*wrong, *found.doubts):
        click.echo(line, err=True)
    if not wrong:
        rules = "1 rule" if len(found.rules) == 1 else f"{len(found.rules)} rules"
        click.echo(f"{rules}, {'worth a second look' if found.doubts else 'all good'}")
