"""`wxbot apikey`: who may call the push API."""

from dataclasses import asdict
from datetime import datetime, timedelta

import click

from wxbot.cli import show
from wxbot.cli.opened import opened
from wxbot.cli.wanted import When
from wxbot.reply.context import moment
from wxbot.store import apikeys
from wxbot.store.apikeys import SCOPES, ApiKey, Scope

_LONGEST_NAME = 100  # characters


@click.group()
def apikey() -> None:
    """Make, list and revoke the keys of the push API."""


@apikey.command()
@click.argument("name")
@click.option("--scope", "scopes", type=click.Choice(SCOPES), multiple=True, required=True, help="May be repeated.")
@click.option("--expires", type=When(), help="When it ends: +90d, or 2027-01-01T00:00+08:00. Never if not given.")
@show.ACCOUNT
@show.AS_JSON
def create(
    name: str, scopes: tuple[Scope, ...], expires: datetime | timedelta | None, account: str, as_json: bool
) -> None:
    """Make a key for NAME and show it, this once."""
    if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable():
        raise click.BadParameter(f"a name has 1 to {_LONGEST_NAME} characters that can be seen", param_hint="NAME")
    store, now = opened(account)
    expires_at = None if expires is None else moment(expires, now)
    if expires_at is not None and expires_at <= now:
        raise click.BadParameter("this has passed already", param_hint="--expires")
    key = store.write(lambda tx: apikeys.create(tx, account, name, scopes, now=now, expires_at=expires_at))
    if as_json:
        show.document({"key": key})
        return
    click.echo(key)
    click.echo("Keep it now: only its digest is stored, it cannot be shown again.", err=True)


@apikey.command("list")
@show.AS_JSON
def list_(as_json: bool) -> None:
    """List the keys of all accounts, without their secrets."""
    store, now = opened()
    found = store.read(apikeys.listed)
    if as_json:
        show.document([{**asdict(one), "scopes": sorted(one.scopes)} for one in found])
        return
    show.table(
        ["id", "account", "name", "scopes", "made", "expires", "last used", "state"],
        [_row(one, now) for one in found],
        "no keys; `wxbot apikey create NAME --scope send` makes one",
    )


def _row(one: ApiKey, now: float) -> list[str]:
    state = "live" if one.is_live(now) else "revoked" if one.revoked_at is not None else "expired"
    times = [show.local(one.created_at), show.local(one.expires_at), show.local(one.used_at)]
    return [one.id, one.account, one.name, " ".join(sorted(one.scopes)), *times, state]


@apikey.command()
@click.argument("id")
def revoke(id: str) -> None:
    """Make the key with this ID worthless at once."""
    store, now = opened()
    changed = store.write(lambda tx: apikeys.revoke(tx, id, now))
    click.echo(f"key {id} {'is revoked' if changed else 'had been revoked already'}")
