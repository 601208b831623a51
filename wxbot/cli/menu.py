"""`wxbot menu`: the account's menus as a file."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from wxbot import wiring
from wxbot.cli import show
from wxbot.cli.calling import Calling, calling
from wxbot.errors import MenuError, SendFailed
from wxbot.opening import from_environment
from wxbot.platform.menus import Menus, Push
from wxbot.protocol.menu import Change, Menu, changes, drawn
from wxbot.reply.menu_file import MenuFile, read_menu

FILE = click.argument("file", type=click.Path(path_type=Path), default="menu.toml")


@click.group()
def menu() -> None:
    """The account's menus: look at them, compare a file with them, push the file."""


@menu.command("show")
@show.ACCOUNT
@show.AS_JSON
def shown(account: str, as_json: bool) -> None:
    """Show the menus that the platform has."""
    with calling(account) as at:
        there = Menus(at.client).get()
    if as_json:
        show.document(asdict(there))
        return
    if not there.buttons:
        click.echo("there is no menu, or only one made by hand in the platform's console")
    for heading, buttons in _parts(there):
        click.echo(f"[{heading}]")
        click.echo("\n".join(f"  {line}" for line in drawn(buttons)))


def _parts(of: Menu) -> list[tuple[str, Any]]:
    found = [*((one.name, one.buttons) for one in of.conditional), ("default", of.buttons)]
    return [(name, buttons) for name, buttons in found if buttons]


@menu.command()
@FILE
@click.option("--no-bot", is_flag=True, help="Do not look whether a handler or a rule is for each key.")
@show.AS_JSON
def check(file: Path, no_bot: bool, as_json: bool) -> None:
    """Check a menu file, line by line, without calling the platform; exit 2 when it has mistakes."""
    try:
        found, wrong = _read(file, with_bot=not no_bot), []
    except MenuError as exc:
        found, wrong = MenuFile(Menu(()), ()), list(exc.problems)
    if as_json:
        show.document({"mistakes": wrong, "doubts": list(found.doubts)})
    else:
        _tell([*wrong, *found.doubts])
        if not wrong:
            click.echo("worth a second look" if found.doubts else "all good")
    if wrong:
        raise SystemExit(2)


def _read(file: Path, *, with_bot: bool = True) -> MenuFile:
    bot = wiring.bot_of(from_environment(quiet=True)) if with_bot else None
    return read_menu(file, bot, time.time())


def _tell(lines: Sequence[str]) -> None:
    for line in lines:
        click.echo(line, err=True)


@menu.command()
@FILE
@show.ACCOUNT
@show.AS_JSON
def diff(file: Path, account: str, as_json: bool) -> None:
    """Show what a push of FILE would change."""
    found = _read(file)
    with calling(account) as at:
        differing = changes(found.menu, Menus(at.client).get())
    if as_json:
        show.document([asdict(one) for one in differing])
        return
    _tell(found.doubts)
    _tell_changes(differing)


def _tell_changes(differing: Sequence[Change]) -> None:
    if not differing:
        click.echo("nothing: the platform has these menus")
    for one in differing:
        click.echo(f"[{one.menu}] {one.what}")
        click.echo("\n".join(f"  {line}" for line in one.lines))


@menu.command()
@FILE
@show.ACCOUNT
@show.AS_JSON
def push(file: Path, account: str, as_json: bool) -> None:
    """Make the platform's menus those of FILE, as a whole or not at all.

    Phones show them after the chat is opened anew.
    """
    found = _read(file)
    with calling(account) as at:
        done = _push(at, found.menu)
    if as_json:
        show.document({"done": done})
        return
    _tell(found.doubts)
    click.echo("\n".join(done) if done else "nothing to do: the platform has these menus")


def _push(at: Calling, ours: Menu) -> list[str]:
    """Return what was done; on a failure tell what was taken back before it is passed on."""
    menus = Menus(at.client)
    pushing = Push(menus)
    try:
        pushing.run(ours, menus.get())
    except SendFailed:
        if pushing.undone:
            click.echo(f"taken back: {', '.join(pushing.undone)}", err=True)
        if pushing.left:
            click.echo(f"could not be taken back: {', '.join(pushing.left)}; push again to mend it", err=True)
        elif pushing.done and not pushing.undone:
            click.echo(f"done before it failed: {', '.join(pushing.done)}; push again for the rest", err=True)
        raise
    return pushing.done
