"""`wxbot contacts`, `wxbot replay`: who wrote, what may still be sent, and pushes to handle again."""

from dataclasses import asdict
from typing import Any

import click

from wxbot.cli import show
from wxbot.cli.opened import opened
from wxbot.delivery.explain_user import user_explanation
from wxbot.errors import NotFound
from wxbot.protocol.window import is_unlimited
from wxbot.store import contacts as people
from wxbot.store import pushes
from wxbot.store.contacts import Contact
from wxbot.store.engine import Store


@click.command()
@click.argument("openid", required=False)
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@show.ACCOUNT
@show.AS_JSON
def contacts(openid: str | None, limit: int, account: str, as_json: bool) -> None:
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
        ["openid", "last heard of", "may be sent", "until", "closes in"],
        [_row(one, now) for one in found],
        "nobody has written yet",
    )


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


def explain_user(store: Store, account: str, openid: str, now: float, *, as_json: bool) -> None:
    """Print whether a user can be reached, how often and until when, and what waits for them."""
    told = store.read(lambda tx: user_explanation(tx, account, openid, now))
    if as_json:
        show.document({**asdict(told), "left": None if is_unlimited(told.left) else told.left})
        return
    click.echo(told.now_zh)
    click.echo(told.now_en)
    for one in told.waiting:
        click.echo(f"  {one.state:<10} {one.count:>5}  due {show.local(one.next_due)}")
    if told.topics:
        click.echo(f"topics: {', '.join(told.topics)}")


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
