"""`wxbot send`, `wxbot outbox`, `wxbot explain`: follow-ups, for operators."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

import click

from wxbot.cli import show, wanted
from wxbot.cli.explain_user import explain_user
from wxbot.cli.opened import opened
from wxbot.cli.said import message_of, said
from wxbot.delivery.explain import explanation
from wxbot.delivery.queue import queue
from wxbot.errors import InvalidMessage, NotFound
from wxbot.protocol.content import Content
from wxbot.protocol.facts import facts_json
from wxbot.protocol.outgoing import FollowUp, summary
from wxbot.reply.context import moment
from wxbot.store import outbox as rows
from wxbot.store.engine import Store
from wxbot.store.outbox import StoredFollowUp


@click.command()
@click.argument("openid")
@said
@wanted.TIMES
@click.option(
    "--key", type=wanted.Key(), help="Idempotency: a second one to this user with this key is the first one."
)
@wanted.FATE
@click.option("--topic", help="Whose quiet hours and fallback count for it.")
@show.ACCOUNT
@show.AS_JSON
def send(  # noqa: PLR0913, PLR0917  # one parameter an option
    openid: str,
    text: str | None,
    message: Content | None,
    kf_account: str,
    at: datetime | timedelta | None,
    not_after: datetime | timedelta | None,
    key: str | None,
    on_closed: Literal["hold", "drop", "template"],
    priority: Literal["normal", "decisive"],
    on_doubt: Literal["resend", "park"],
    facts: tuple[tuple[str, str], ...],
    topic: str | None,
    account: str,
    as_json: bool,
) -> None:
    """Queue a message for a user; a sender delivers it as soon as the platform allows."""
    store, now = opened(account)
    follow_up = FollowUp(
        message=message_of(text, message, kf_account),
        due_at=wanted.due_at(at, now),
        not_after=None if not_after is None else moment(not_after, now),
        key=key,
        on_closed=on_closed,
        priority=priority,
        on_doubt=on_doubt,
        topic=topic,
        facts=facts_json(dict(facts)),
    )
    queued = queue(store, account, openid, follow_up, origin="cli", now=now)
    if as_json:
        show.document(asdict(queued))
    else:
        click.echo(f"follow-up {queued.id}" + ("" if queued.is_new else ": this key had been used, nothing new"))


@click.group()
def outbox() -> None:
    """Look at follow-ups, and act on them."""


@outbox.command("list")
@click.option("--state", type=click.Choice(rows.STATES), help="Only those in this state.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@show.ACCOUNT
@show.AS_JSON
def list_(state: str | None, limit: int, account: str, as_json: bool) -> None:
    """List the newest follow-ups."""
    store, _ = opened(account)
    found = store.read(lambda tx: rows.recent(tx, account, limit, state))
    if as_json:
        show.document([_plain(one) for one in found])
        return
    show.table(
        ["id", "state", "due", "openid", "message", "why"],
        [[str(one.id), one.state, show.local(one.due_at), one.openid, summary(one.message, 36), one.reason]
         for one in found],
        "no follow-ups" + (f" in state {state}" if state else ""),
    )  # fmt: skip


@outbox.command("show")
@click.argument("id", type=show.ID)
@show.ACCOUNT
@show.AS_JSON
def show_(id: int, account: str, as_json: bool) -> None:
    """Show one follow-up with its history."""
    found = _found(id, account)
    if as_json:
        show.document(_plain(found))
        return
    for name, value in _plain(found).items():
        if name != "history":
            click.echo(f"{name:<12} {value if value is not None else '-'}")
    for entry in found.history:
        click.echo(f"{show.local(entry['at'])}  {entry['state']:<10} {entry.get('why', '')}")


@outbox.command()
@click.argument("ids", type=show.ID, nargs=-1, required=True)
@show.ACCOUNT
def retry(ids: tuple[int, ...], account: str) -> None:
    """Queue follow-ups once more, at once; not those that were sent or are going out."""
    _each(ids, account, rows.retry, "an operator tries again", "queued again")


@outbox.command()
@click.argument("ids", type=show.ID, nargs=-1, required=True)
@show.ACCOUNT
def cancel(ids: tuple[int, ...], account: str) -> None:
    """Cancel follow-ups that have not begun to go out."""
    _each(ids, account, rows.cancel, "an operator cancelled it", "cancelled")


def _each(ids: tuple[int, ...], account: str, change: Callable[..., bool], why: str, done: str) -> None:
    """Change each, say what became of it, and fail in the end when one could not be changed."""
    store, now = opened(account)
    stuck: list[str] = []
    for id in ids:
        if store.write(partial(change, account=account, id=id, now=now, why=why)):
            click.echo(f"follow-up {id} {done}")
        else:
            found = store.read(partial(rows.show, account=account, id=id))
            stuck.append(f"{id} is {found.state}" if found else f"there is no follow-up {id}")
    if stuck:
        raise InvalidMessage(f"not {done}: {', '.join(stuck)}")


def _found(id: int, account: str) -> StoredFollowUp:
    store, _ = opened(account)
    found = store.read(lambda tx: rows.show(tx, account, id))
    if found is None:
        raise NotFound(
            f"there is no follow-up {id} in account {account!r}; `wxbot outbox list` shows what there is"
        )
    return found


def _plain(one: StoredFollowUp) -> dict[str, Any]:
    return {**asdict(one), "message": json.loads(one.message), "facts": json.loads(one.facts)}


class Target(click.ParamType["int | str"]):
    """The number of a follow-up, or a user's openid."""

    name = "id|openid"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        """Return a number as an int, anything else as it is; fails for a number that no store can hold."""
        number = isinstance(value, str) and value.isascii() and value.isdecimal()
        return int(show.ID.convert(value, param, ctx)) if number else str(value)


@click.command()
@click.argument("target", metavar="ID|OPENID", type=Target())
@show.ACCOUNT
@show.AS_JSON
def explain(target: int | str, account: str, as_json: bool) -> None:
    """Say why a follow-up was or was not delivered; or whether a user can be reached, and what waits for them."""
    store, now = opened(account)
    if isinstance(target, int):
        _explain_follow_up(store, account, target, now, as_json=as_json)
    else:
        explain_user(store, account, target, now, as_json=as_json)


def _explain_follow_up(store: Store, account: str, id: int, now: float, *, as_json: bool) -> None:
    told = store.read(lambda tx: explanation(tx, account, id, now))
    if as_json:
        show.document(asdict(told))
        return
    click.echo(f"follow-up {id} to {told.openid}: {told.message}")
    for step in told.steps:
        click.echo(f"  {show.local(step.at)}  {step.state:<10} {step.why}")
        if step.seen:
            click.echo(f"  {'':<24}  {'':<10} seen: {', '.join(show.grant(one) for one in step.seen)}")
    click.echo(told.now_zh)
    click.echo(told.now_en)
