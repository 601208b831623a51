"""How `wxbot explain OPENID` tells whether a user can be reached."""

from dataclasses import asdict

import click

from wxbot.cli import show
from wxbot.delivery.explain_user import user_explanation
from wxbot.protocol.window import is_unlimited
from wxbot.store.engine import Store


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
