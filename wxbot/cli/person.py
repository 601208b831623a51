"""`wxbot export`, `wxbot erase`: all that is kept of one person, shown or gone."""

import click

from wxbot.cli import show
from wxbot.cli.opened import opened
from wxbot.delivery.erasing import erase as erase_person
from wxbot.errors import NotFound
from wxbot.store import exports


@click.command()
@click.argument("openid")
@show.ACCOUNT
def export(openid: str, account: str) -> None:
    """Print all that is kept of a user as one JSON document: each table's rows, texts as they were sent."""
    store, now = opened(account)
    found = store.read(lambda tx: exports.export(tx, account, openid))
    if not any(found.values()):
        raise _stranger(openid, account)
    show.document({"account": account, "openid": openid, "exported_at": now, **found})


@click.command()
@click.argument("openid")
@click.confirmation_option(prompt="Nothing of this user will be left, also not what waits for them. Erase?")
@show.ACCOUNT
def erase(openid: str, account: str) -> None:
    """Erase all that is kept of a user: pushes, follow-ups with their history, topics, windows, session."""
    store, now = opened(account)
    rows = erase_person(store, account, openid, now)
    if not rows:
        raise _stranger(openid, account)
    click.echo(f"erased: {rows} rows; logs and backups made before still name this user")


def _stranger(openid: str, account: str) -> NotFound:
    return NotFound(f"nothing is kept of {openid} in account {account!r}")
