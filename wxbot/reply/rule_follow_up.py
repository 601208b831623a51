"""What a rule sends later: a `[[rule.follow_up]]` of the rules file."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from wxbot.errors import InvalidMessage
from wxbot.protocol.content import check_kf_account
from wxbot.reply.context import Context
from wxbot.reply.rule_content import Names, Says, read_says, read_text
from wxbot.reply.toml_table import Table
from wxbot.template import NAME, Template
from wxbot.times.local_time import next_at, parse_time
from wxbot.times.spans import parse_span

CHOICES = {  # the first of each is the default, as in Context.follow_up
    "on_closed": ("hold", "drop", "template"),
    "priority": ("normal", "decisive"),
    "on_doubt": ("resend", "park"),
}
_TEMPLATES = ("key", "coalesce", "topic")
KEYS = ("text", "content", "after", "at", "day", "not_after", *_TEMPLATES, "facts", "kf_account", *CHOICES)


def dates(moment: datetime) -> dict[str, str]:
    """Return the names of a moment's day, `{{date}}` 2026-11-25, `{{month_day}}` 11-25, and the next."""
    following = moment + timedelta(days=1)  # on the wall clock, whatever summer time does
    return {"date": f"{moment:%Y-%m-%d}", "month_day": f"{moment:%m-%d}", "next_date": f"{following:%Y-%m-%d}"}


@dataclass(frozen=True, slots=True)
class Due:
    """When: `after` seconds from now, or at the next `at` and `days` days later."""

    zone: ZoneInfo
    after: int = 0
    at: time | None = None
    days: int = 0

    def moment(self, now: float) -> datetime:
        """Return the moment, for a push at `now` (Unix seconds)."""
        if self.at is not None:
            return next_at(self.at, now, self.zone, self.days)
        return (datetime.fromtimestamp(now, UTC) + timedelta(seconds=self.after)).astimezone(self.zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """One follow-up of a rule. `not_after` is seconds from when it is due."""

    says: Says
    due: Due
    not_after: int | None
    key: Template | None
    coalesce: Template | None
    topic: Template | None
    facts: Mapping[str, Template]
    options: Mapping[str, Any]

    def add(self, ctx: Context, values: Mapping[str, str]) -> None:
        """Ask `ctx` to send it; a text that came out blank is left out."""
        due = self.due.moment(ctx.now)
        known = {**values, **dates(due)}
        said = self.says.follow_up(known)
        if said is not None:
            ctx.follow_up(
                said,
                at=due,
                not_after=None if self.not_after is None else due.timestamp() + self.not_after,
                key=None if self.key is None else self.key.render(known),
                coalesce=None if self.coalesce is None else self.coalesce.render(known),
                topic=None if self.topic is None else self.topic.render(known),
                facts={name: text.render(known) for name, text in self.facts.items()},
                **self.options,
            )


def read_follow_up(table: Table, names: Names, zone: ZoneInfo) -> Later | None:
    """Return a follow-up of the file, None when it is wrong; what is wrong is noted."""
    table.only(KEYS)
    says = _says(table, names)
    due, not_after = read_due(table, zone), _span(table, "not_after")
    templates = {name: read_text(table, name, names) if name in table else None for name in _TEMPLATES}
    facts = _facts(table, names)
    options = {name: table.choice(name, known) for name, known in CHOICES.items()}
    options["kf_account"] = _kf_account(table)
    if says is None:
        return None
    return Later(says=says, due=due, not_after=not_after or None, options=options, facts=facts, **templates)


def _facts(table: Table, names: Names) -> dict[str, Template]:
    if "facts" not in table:
        return {}
    facts = table.table("facts")
    for name in facts.values:
        if not NAME.fullmatch(name):
            facts.wrong(name, "cannot be a fact: a name has letters, digits and _, and begins with no digit")
    return {name: read_text(facts, name, names) for name in facts.values}


def _kf_account(table: Table) -> str:
    name = table.get("kf_account", str, "")
    try:
        if name:
            check_kf_account(name)
    except InvalidMessage as exc:
        table.wrong("kf_account", f"cannot be: {exc}")
    return name


def _says(table: Table, names: Names) -> Says | None:
    if ("text" in table) == ("content" in table):
        table.wrong("", "needs one of text and content")
        return None
    if "text" in table:
        table.get("text", str, "")
    return read_says(table, "text" if "text" in table else "content", names, as_follow_up=True)


def read_due(table: Table, zone: ZoneInfo) -> Due:
    """Return when, from `after`, `at` and `day`; what is wrong is noted."""
    if "after" in table and "at" in table:
        table.wrong("at", "and after are given; one of them says when")
    days = table.get("day", int, 0)
    if not 0 <= days <= 366:
        table.wrong("day", f"is {days}; 0 to 366 days later are possible")
    if days and "at" not in table:
        table.wrong("day", 'goes with at; without it write after = "1d"')
    return Due(zone, _span(table, "after"), _time(table), days)


def _span(table: Table, key: str) -> int:
    if key not in table:
        return 0
    try:
        seconds = parse_span(table.get(key, str, "0s"))
    except ValueError as exc:
        table.wrong(key, f"is no span: {exc}")
        return 0
    if key == "not_after" and not seconds:
        table.wrong(key, "must be longer than nothing")
    return seconds


def _time(table: Table) -> time | None:
    if "at" not in table:
        return None
    try:
        return parse_time(table.get("at", str, "00:00"))
    except ValueError as exc:
        table.wrong("at", f"is no time: {exc}")
        return None
