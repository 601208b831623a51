"""`wxbot plan`: what a topic's subscribers will be told and when, and moving it."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial

import click

from wxbot.cli import show, wanted
from wxbot.cli.opened import opened
from wxbot.cli.wanted import When
from wxbot.delivery import plans
from wxbot.delivery.plans import PlanCard
from wxbot.errors import NotFound
from wxbot.reply.context import moment as moment_of
from wxbot.reply.plan import PlanChange


@click.command()
@click.argument("topic")
@click.option("--moment", type=When(), help="What the steps count from: +2h from now, or 2026-11-25T15:05+08:00.")
@wanted.facts("What texts name; may be repeated.")
@click.option("--silent", is_flag=True, help="Do not publish the plan's notices of what has changed.")
@click.option("--cancel", is_flag=True, help="Cancel the plan: nothing more of it, whoever asks.")
@show.ACCOUNT
@show.AS_JSON
def plan(  # one parameter an option
    topic: str,
    moment: datetime | timedelta | None,
    facts: Sequence[tuple[str, str]],
    silent: bool,
    cancel: bool,
    account: str,
    as_json: bool,
) -> None:
    """Show a topic's plan, move it (--moment, --fact) or cancel it.

    What was published stays published; what is to come moves for every subscriber.
    """
    store, now = opened(account)
    if cancel and (moment or facts):
        raise click.UsageError("--cancel goes alone: a cancelled plan has no moment and no facts")
    if moment is not None or facts:
        at = None if moment is None else moment_of(moment, now)
        news = PlanChange(topic=topic, moment=at, facts=dict(facts), tell=not silent)
        found: PlanCard | None = store.write(lambda tx: plans.change(tx, account, news, now))
    else:
        found = store.read(partial(plans.card, account=account, topic=topic))
    if found is None:
        raise NotFound(f"nothing is planned for {topic!r} in account {account!r}")
    if cancel:
        new = store.write(lambda tx: plans.cancel(tx, account, topic, now))
        click.echo(f"the plan of {topic} {'is' if new else 'was already'} cancelled")
    elif as_json:
        show.document(asdict(found))
    else:
        _print(found, now)


def _print(found: PlanCard, now: float) -> None:
    facts = ", ".join(f"{name}={value}" for name, value in sorted(found.facts.items()))
    cancelled = "  cancelled" if found.is_cancelled else ""
    click.echo(f"{found.topic}  T = {show.local(found.moment)}  {facts}{cancelled}")
    at_once = [one.step for one in found.steps if one.state == "planned" and (one.due_at or now) <= now]
    if going := [*found.told, *at_once]:
        click.echo(f"published: {', '.join(going)}")
    show.table(
        ["step", "due", "state", "text"],
        [[one.step, show.local(one.due_at), _state(one.state, one.missing), one.text] for one in found.steps],
        "no bot has given this topic a plan yet; the moment and the facts are kept for it",
    )


def _state(state: str, missing: Sequence[str]) -> str:
    return f"waiting for {', '.join(missing)}" if missing else state
