"""`wxbot publish`, `wxbot topics`: one message for all who subscribe, and who that is."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Literal

import click

from wxbot.cli import show, wanted
from wxbot.cli.opened import opened
from wxbot.cli.said import message_of, said
from wxbot.delivery.fanout import publish as publish_to
from wxbot.errors import NotFound
from wxbot.protocol.content import Content
from wxbot.protocol.facts import facts_json
from wxbot.protocol.outgoing import FollowUp
from wxbot.reply.context import moment
from wxbot.store import topics as rows
from wxbot.store.engine import Store


@click.command()
@click.argument("topic")
@said
@click.option(
    "--key", required=True, type=wanted.Key(), help="Idempotency: a second one with this key is the first one."
)
@wanted.TIMES
@wanted.FATE
@show.ACCOUNT
@show.AS_JSON
def publish(  # noqa: PLR0913, PLR0917  # one parameter an option
    topic: str,
    text: str | None,
    message: Content | None,
    kf_account: str,
    key: str,
    at: datetime | timedelta | None,
    not_after: datetime | timedelta | None,
    on_closed: Literal["hold", "drop", "template"],
    priority: Literal["normal", "decisive"],
    on_doubt: Literal["resend", "park"],
    facts: tuple[tuple[str, str], ...],
    account: str,
    as_json: bool,
) -> None:
    """Send a message to everybody who subscribes to a topic when it is due; a sender makes the follow-ups."""
    store, now = opened(account)
    follow_up = FollowUp(
        message=message_of(text, message, kf_account),
        due_at=wanted.due_at(at, now),
        not_after=None if not_after is None else moment(not_after, now),
        on_closed=on_closed,
        priority=priority,
        on_doubt=on_doubt,
        facts=facts_json(dict(facts)),
    )
    published = publish_to(store, account, topic, follow_up, key=key, now=now)
    if as_json:
        show.document(asdict(published))
    else:
        click.echo(
            f"publication {published.id}" + ("" if published.is_new else ": this key had been used, nothing new")
        )


@click.command()
@click.argument("topic", required=False)
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@show.ACCOUNT
@show.AS_JSON
def topics(topic: str | None, limit: int, account: str, as_json: bool) -> None:
    """List the newest topics with their subscribers' number, or one topic's subscribers."""
    store, _ = opened(account)
    if topic is None:
        _list_topics(store, account, limit, as_json=as_json)
    else:
        _list_subscribers(store, account, topic, limit, as_json=as_json)


def _list_topics(store: Store, account: str, limit: int, *, as_json: bool) -> None:
    found = store.read(lambda tx: rows.recent(tx, account, limit))
    if as_json:
        show.document([asdict(one) for one in found])
        return
    show.table(
        ["topic", "subscribers", "since"],
        [[one.topic, str(one.subscribers), show.local(one.first_at)] for one in found],
        "nobody has subscribed to anything yet",
    )


def _list_subscribers(store: Store, account: str, topic: str, limit: int, *, as_json: bool) -> None:
    if not store.read(lambda tx: rows.is_known(tx, account, topic)):
        raise NotFound(f"nobody ever subscribed to {topic!r} in account {account!r}; `wxbot topics` lists them")
    found = store.read(lambda tx: rows.subscribers(tx, account, topic, limit=limit))
    if as_json:
        show.document([asdict(one) for one in found])
        return
    show.table(
        ["openid", "since"],
        [[one.openid, show.local(one.since)] for one in found],
        "all its subscribers have left",
    )
