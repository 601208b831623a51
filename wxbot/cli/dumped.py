"""`wxbot dump`, `wxbot load`: contacts, windows and topics from one deployment to another."""

from dataclasses import asdict
from pathlib import Path

import click

from wxbot.cli import show
from wxbot.cli.opened import opened
from wxbot.cli.progress import progress
from wxbot.people.dumping import dump as dump_people
from wxbot.people.loading import load as load_people


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@show.ACCOUNT
@show.AS_JSON
def dump(file: Path, account: str, as_json: bool) -> None:
    """Write contacts, windows and topics into FILE, as JSON lines.

    What was stopped goes on where it stood.
    """
    store, now = opened(account)
    with progress("writing people") as tell:
        lines = dump_people(store, account, file, now, tell)
    if as_json:
        show.document({"file": str(file), "lines": lines})
    else:
        click.echo(f"{file}: {lines} contacts and subscriptions of account {account!r}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@show.ACCOUNT
@show.AS_JSON
def load(file: Path, account: str, as_json: bool) -> None:
    """Take in the contacts, windows and topics of a FILE that `wxbot dump` wrote.

    All of it is looked at first: of a file with a mistake nothing is taken in. What was stopped goes on where it
    stood; what is there already stays where it is newer, and of a window what allows less.
    """
    store, now = opened(account)
    with progress("taking in people") as tell:
        done = load_people(store, account, file, now, tell)
    if as_json:
        show.document(asdict(done))
        return
    if done.resumed_at:
        click.echo(f"went on behind the first {done.resumed_at} lines", err=True)
    click.echo(f"{done.lines} contacts and subscriptions are in account {account!r}")
