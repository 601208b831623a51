"""`wxbot init`: the files of a new deployment."""

import shutil
from pathlib import Path

import click

from wxbot.errors import SettingsError
from wxbot.shipped import shipped

_FILES = ("wxbot.toml", "rules.toml", "menu.toml")


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=".")
def init(folder: Path) -> None:
    """Write wxbot.toml, rules.toml and menu.toml into a folder, to be filled in; nothing there is overwritten."""
    there = [name for name in _FILES if (folder / name).exists()]
    if there:
        raise SettingsError(
            f"{', '.join(str(folder / name) for name in there)} is there already; nothing was written"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        shutil.copyfile(shipped(name), folder / name)
        (folder / name).chmod(0o600)  # the settings will hold secrets
        click.echo(f"wrote {folder / name}")
    click.echo(f"next: fill in {folder / 'wxbot.toml'}, then WXBOT_CONFIG={folder / 'wxbot.toml'} wxbot doctor")
