"""`wxbot backup`, `wxbot restore`: copies of the store."""

from pathlib import Path

import click

from wxbot.cli import show
from wxbot.cli.progress import progress
from wxbot.errors import SettingsError
from wxbot.opening import clock_of, from_environment, open_store
from wxbot.settings import Settings
from wxbot.store import copies, parking
from wxbot.store.connections import place_of
from wxbot.store.parking import Parked

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_FILE)
def backup(file: Path) -> None:
    """Copy the store into a new FILE while web and sender work. PostgreSQL has pg_dump for it."""
    using = from_environment(quiet=True)
    place = place_of(using.database_url)
    if place.file is None:
        raise SettingsError(f"PostgreSQL makes its own: pg_dump --format=custom --file={file} '{place}'")
    open_store(using).close()
    with progress("copying") as tell:
        copies.backup(place.file, file, clock_of(using).now(), tell)
    click.echo(f"{file}: {file.stat().st_size:,} bytes; `wxbot restore {file}` puts it in place")


@click.command()
@click.argument("file", type=_FILE, required=False)
@click.confirmation_option(prompt="Nothing of wxbot may be running. What was due is parked. Restore?")
@show.AS_JSON
def restore(file: Path | None, as_json: bool) -> None:
    """Put a backup FILE where the store was, and park what may have gone out since.

    On PostgreSQL, pg_restore puts it in place; then this, without FILE, parks.
    """
    using = from_environment(quiet=True)
    parked = _restored(using, file)
    if as_json:
        show.document(
            {"follow_ups": parked.follow_ups, "pushes": parked.pushes, "publications": parked.publications}
        )
        return
    click.echo(
        f"parked: {parked.follow_ups} follow-ups (`wxbot outbox list --state doubtful`), {parked.pushes} pushes"
    )
    for topic, key in parked.publications:
        click.echo(f"cancelled: publication {key} of {topic}; publish it under another key if it did not go out")


def _restored(using: Settings, file: Path | None) -> Parked:
    place, now = place_of(using.database_url), clock_of(using).now()
    ahead = max(account.join or 0.0 for account in using.all_accounts.values())
    if place.file is None:
        if file is not None:
            raise SettingsError(f"first: pg_restore --dbname='{place}' {file}; then `wxbot restore`, without FILE")
        return open_store(using).write(lambda tx: parking.park(tx, now, ahead))
    if file is None:
        raise SettingsError("which backup? `wxbot restore FILE`")
    with progress("restoring") as tell:
        return copies.restore(file, place.file, now, ahead, tell)
