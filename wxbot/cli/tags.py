"""`wxbot tags`: the account's tags, and who carries them."""

from collections.abc import Sequence
from dataclasses import asdict

import click

from wxbot.cli import show
from wxbot.cli.calling import Calling, calling
from wxbot.cli.progress import progress
from wxbot.errors import NotFound
from wxbot.people.tagging import Tagging
from wxbot.platform.followers import Followers
from wxbot.store.followers import Tag

TAG = click.argument("tag")
OPENIDS = click.argument("openids", nargs=-1, required=True)


@click.group()
def tags() -> None:
    """Tags of followers: a conditional menu is for those who carry one. TAG is a name or a number."""


def _tagging(at: Calling) -> Tagging:
    return Tagging(at.store, Followers(at.client), at.account)


@tags.command("list")
@show.ACCOUNT
@show.AS_JSON
def listed(account: str, as_json: bool) -> None:
    """Ask the platform for the tags: number, name and how many carry each."""
    with calling(account) as at:
        found = _tagging(at).names()
    if as_json:
        show.document([asdict(one) for one in found])
        return
    show.table(
        ["number", "name", "carried by"],
        [[str(one.id), one.name, str(one.count)] for one in found],
        "there are no tags",
    )


@tags.command()
@show.ACCOUNT
@show.AS_JSON
def sync(account: str, as_json: bool) -> None:
    """Bring in who carries which tag; the platform has the last word."""
    with calling(account) as at, progress("asking for tags") as tell:
        changed = _tagging(at).sync(tell)
    if as_json:
        show.document({"changed": changed})
    else:
        click.echo(f"{changed} contacts have other tags than before")


@tags.command()
@click.argument("name")
@show.ACCOUNT
@show.AS_JSON
def create(name: str, account: str, as_json: bool) -> None:
    """Make a tag; an account may have 100."""
    with calling(account) as at:
        number = Followers(at.client).create_tag(name)
        _tagging(at).names()
    if as_json:
        show.document({"id": number, "name": name})
    else:
        click.echo(f"tag {number} is {name!r}")


@tags.command()
@TAG
@OPENIDS
@show.ACCOUNT
def add(tag: str, openids: Sequence[str], account: str) -> None:
    """Give a tag to followers; one may carry 20."""
    _put(tag, openids, account, carried=True)


@tags.command()
@TAG
@OPENIDS
@show.ACCOUNT
def remove(tag: str, openids: Sequence[str], account: str) -> None:
    """Take a tag from followers."""
    _put(tag, openids, account, carried=False)


def _put(tag: str, openids: Sequence[str], account: str, *, carried: bool) -> None:
    with calling(account) as at:
        tagging = _tagging(at)
        found = _found(tagging.names(), tag)
        tagging.put(found.id, openids, carried=carried)
        tagging.sync()
    click.echo(f"{len(openids)} {'carry' if carried else 'do not carry'} {found.name!r} now")


def _found(known: Sequence[Tag], tag: str) -> Tag:
    for one in known:
        if tag in (one.name, str(one.id)):
            return one
    names = ", ".join(one.name for one in known)
    raise NotFound(f"there is no tag {tag!r}; there is {names}. `wxbot tags create` makes one")
