"""What may be wanted of a follow-up on the command line: the same options for one user and for a topic."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import click

from wxbot.reply.context import moment
from wxbot.times.spans import parse_span

_LATE = 60.0  # seconds


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
    """A named text: `gate=C25`."""

    name = "name=text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Return the name and the text; fails without a `=`."""
        name, sign, text = value.partition("=")
        return (name, text) if sign else self.fail(f"{value!r} is not NAME=TEXT, for example gate=C25", param, ctx)


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
    return click.option("--fact", "facts", type=Fact(), multiple=True, help=help)


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
