"""`wxbot contacts`, `wxbot replay`: who wrote, what may still be sent, and pushes to handle again."""

from dataclasses import asdict
from typing import Any

import click

from wxbot.cli import show
from wxbot.cli.calling import calling
from wxbot.cli.opened import opened
from wxbot.cli.progress import progress
from wxbot.errors import NotFound
from wxbot.opening import clock_of
from wxbot.people.importing import Import
from wxbot.platform.followers import MAX_REMARK, Followers
from wxbot.protocol.window import is_unlimited
from wxbot.protocol.wire import printable
from wxbot.store import contacts as people
from wxbot.store import followers, pushes
from wxbot.store.contacts import Contact


class _ShowsUnlessTold(click.Group):
    """`wxbot contacts` and `wxbot contacts OPENID` are `wxbot contacts show`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `show` in front of what is no command of the group's."""
        told = args and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if told else ["show", *args])


@click.group(cls=_ShowsUnlessTold)
def contacts() -> None:
    """Show what may still be sent to each user; import followers, give remarks.

    `wxbot contacts` and `wxbot contacts OPENID` are `wxbot contacts show`.
    """


@contacts.command("show")
@click.argument("openid", required=False)
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@show.ACCOUNT
@show.AS_JSON
def shown(openid: str | None, limit: int, account: str, as_json: bool) -> None:
    """Show what may still be sent to each user, and until when."""
    store, now = opened(account)
    if openid is None:
        found = store.read(lambda tx: people.recent(tx, account, limit))
    else:
        one = store.read(lambda tx: people.show(tx, account, openid))
        if one is None:
            raise NotFound(f"{openid} has never written to account {account!r}")
        found = [one]
    if as_json:
        show.document([_plain(one, now) for one in found])
        return
    show.table(
        ["openid", "last heard of", "may be sent", "until", "closes in", "remark"],
        [[*_row(one, now), one.remark] for one in found],
        "nobody has written yet",
    )


@contacts.command("import")
@click.option("--anew", is_flag=True, help="Begin at the beginning, although an import was not finished.")
@show.ACCOUNT
@show.AS_JSON
def import_followers(anew: bool, account: str, as_json: bool) -> None:
    """Import all followers with their remarks and tags; one that was stopped goes on where it stood.

    No window is opened: only what a user does allows to send.
    """
    with calling(account) as at, progress("importing followers") as tell:
        work = Import(at.store, clock_of(at.using), Followers(at.client), account)
        before = None if anew else work.waiting()
        if before and not as_json:
            click.echo(f"going on behind the first {before.done} of {before.total}", err=True)
        done = work.run(tell, anew=anew)
    if as_json:
        show.document({"imported": done.done, "total": done.total, "resumed_at": before.done if before else 0})
        return
    click.echo(f"{done.done} followers are known; what may be sent to whom is as it was")


@contacts.command("remark")
@click.argument("openid")
@click.argument("text")
@show.ACCOUNT
def give_remark(openid: str, text: str, account: str) -> None:
    """Give a follower a name, also in the platform's own console; \"\" takes it away."""
    if len(text) > MAX_REMARK or printable(text) != text:
        raise click.BadParameter(f"a remark has at most {MAX_REMARK} printable characters", param_hint="TEXT")
    with calling(account) as at:
        Followers(at.client).remark(openid, text)
        known = at.store.write(lambda tx: followers.remark(tx, account, openid, text))
    click.echo(f"{openid} is {text!r} now" if text else f"{openid} has no remark now")
    if not known:
        click.echo("not known here yet: `wxbot contacts import` brings it in", err=True)


def _row(one: Contact, now: float) -> list[str]:
    grants = one.open_grants(now)
    if not grants:
        why = "unfollowed" if not one.subscribed else f"refused {one.refused}" if one.refused else "window closed"
        return [one.openid, show.local(one.last_at), "0", why, "-"]
    until = max(grant.expires_at for grant in grants)
    left = sum(grant.left for grant in grants)
    count = "any number" if is_unlimited(left) else str(left)
    return [one.openid, show.local(one.last_at), count, show.local(until), show.span(until - now)]


def _plain(one: Contact, now: float) -> dict[str, Any]:
    left = sum(grant.left for grant in one.open_grants(now))
    return {**asdict(one), "reachable": left > 0, "left": None if is_unlimited(left) else left}


@click.command()
@click.argument("push", type=show.ID)
@show.ACCOUNT
def replay(push: int, account: str) -> None:
    """Handle a failed push again; a sender takes it up, and its answer goes out as a follow-up."""
    store, _ = opened(account)
    if not store.write(lambda tx: pushes.reopen(tx, account, push)):
        there = store.read(lambda tx: pushes.show(tx, account, push))
        raise NotFound(f"push {push} is {there.state}, not failed" if there else f"there is no push {push}")
    click.echo(f"push {push} will be handled again")
