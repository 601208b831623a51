"""What may be wanted of a follow-up on the command line: the same options for one user and for a topic."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import click

from wxbot.reply.context import moment
from wxbot.times.spans import parse_span

_LATE = 60.0  # seconds
_LONGEST_KEY = 200  # characters


class When(click.ParamType["datetime | timedelta"]):
    """A moment: `+2h`, `+1d30m`, or ISO 8601 with a time zone, for example 2026-11-25T13:25+08:00."""

    name = "when"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> "datetime | timedelta":
        """Return a timedelta or a datetime that knows its zone; fails with what is expected."""
        try:
            if value.startswith("+"):
                return timedelta(seconds=parse_span(value[1:]))
            when = datetime.fromisoformat(value)
        except ValueError as exc:
            self.fail(f"{exc}; write +2h, or 2026-11-25T13:25+08:00", param, ctx)
        return when if when.tzinfo else self.fail(f"{value} has no time zone, for example +08:00", param, ctx)


class Fact(click.ParamType[tuple[str, str]]):
    """A named text that is not blank: `gate=C25`."""

    name = "name=text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Return the name and the text; fails without a `=` or without a text."""
        name, _, text = value.partition("=")
        if not text.strip():
            self.fail(f"{value!r} is not NAME=TEXT, for example gate=C25", param, ctx)
        return name, text


class Key(click.ParamType[str]):
    """An idempotency key, as long as the push API allows."""

    name = "key"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return it; fails for one that is too long."""
        if len(value) > _LONGEST_KEY:
            self.fail(f"a key has at most {_LONGEST_KEY} characters, this one has {len(value)}", param, ctx)
        return str(value)


def due_at(at: "datetime | timedelta | None", now: float) -> float:
    """Return when it is due, Unix seconds; fails for a moment that has passed, but for what clocks may differ."""
    due = now if at is None else moment(at, now)
    if due < now - _LATE:
        raise click.BadParameter("this has passed; leave it out to send at once", param_hint="--at")
    return due


def _options(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def decorate(function: Any) -> Any:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def facts(help: str) -> Callable[[Any], Any]:
    """Return the option for named texts."""
    return click.option("--fact", "facts", type=Fact(), multiple=True, callback=_each_once, help=help)


def _each_once(ctx: click.Context, param: click.Parameter, value: Sequence[tuple[str, str]]) -> Any:
    """Return the facts; fails for two of one name, as one of them must be a mistake."""
    names = [name for name, _ in value]
    if twice := {name for name in names if names.count(name) > 1}:
        raise click.BadParameter(f"{min(twice)} is given twice", ctx, param)
    return value


TIMES = _options(
    click.option("--at", type=When(), help="When: +2h, or 2026-11-25T13:25+08:00. Now if not given."),
    click.option("--not-after", type=When(), help="Of no use later than this."),
)
FATE = _options(
    click.option("--on-closed", type=click.Choice(["hold", "drop", "template"]), default="hold", show_default=True),
    click.option("--priority", type=click.Choice(["normal", "decisive"]), default="normal", show_default=True),
    click.option("--on-doubt", type=click.Choice(["resend", "park"]), default="resend", show_default=True),
    facts("What the templates of its fallback may name; may be repeated."),
)
