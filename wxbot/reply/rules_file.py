"""The rules file, read as a whole: its rules in the order they are tried, and what is doubtful in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wxbot import template
from wxbot.errors import RulesError
from wxbot.reply import filters, rule_topics
from wxbot.reply.filters import Filter
from wxbot.reply.rule import PUSHED, Rule
from wxbot.reply.rule_content import Names, read_says
from wxbot.reply.rule_doubts import doubts_about
from wxbot.reply.rule_follow_up import read_follow_up
from wxbot.reply.rule_match import read_match
from wxbot.reply.rule_plan import KnownPlan, read_plans, read_runs
from wxbot.reply.rule_topics import read_topics
from wxbot.reply.toml_file import parse
from wxbot.reply.toml_lines import lines_of
from wxbot.reply.toml_table import Problems, Table

TIMEZONE = "Asia/Shanghai"
KEYS = ("name", "priority", "default", "match", "reply", "follow_up", "plan", *rule_topics.KEYS)


@dataclass(frozen=True, slots=True)
class RulesFile:
    """What a file holds: `rules` in the order they are tried, `doubts` one a line."""

    rules: Sequence[Rule]
    doubts: Sequence[str]


def read_rules(path: Path) -> RulesFile:
    """Return the rules of a file; raises RulesError with every mistake in it."""
    text, values = parse(path, RulesError)
    names, lines = _names(values.get("rule")), lines_of(text)
    problems, doubts = Problems(path, lines, names), Problems(path, lines, names)
    rules = _read(Table(values, (), problems))
    if problems:
        raise RulesError(*problems.listed())
    for at, message in doubts_about(rules):
        doubts.add(at, message)
    return RulesFile(rules, doubts.listed())


def _names(rows: Any) -> list[str]:
    """Return each rule's name for messages, `""` where there is none."""
    rows = rows if isinstance(rows, list) else []
    named = [row.get("name", "") if isinstance(row, dict) else "" for row in rows]
    return [name if isinstance(name, str) else "" for name in named]


def _read(top: Table) -> list[Rule]:
    top.only(["timezone", "values", "plan", "rule"])
    zone, fixed = _zone(top), _fixed(top.table("values"))
    plans = read_plans(top, fixed, zone)
    rules = [_rule(row, fixed, plans, zone) for row in top.tables("rule")]
    if "rule" not in top:
        top.wrong("", "the file has no [[rule]]")
    return sorted(rules, key=lambda rule: -rule.priority)


def _zone(top: Table) -> ZoneInfo:
    name = top.get("timezone", str, TIMEZONE)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        top.wrong("timezone", f"is {name!r}, which is no time zone such as Asia/Shanghai")
        return ZoneInfo(TIMEZONE)


def _fixed(table: Table) -> dict[str, str]:
    """Return the `[values]`: texts and numbers under names of their own."""
    for name, value in table.values.items():
        if not template.NAME.fullmatch(name):
            table.wrong(name, "cannot stand in {{name}}: a name has letters, digits and _")
        elif name in PUSHED:
            table.wrong(name, "is a name that every push fills; choose another")
        elif isinstance(value, bool) or not isinstance(value, str | int | float):
            table.wrong(name, "is not a text or a number")
    return {name: str(value) for name, value in table.values.items()}


def _rule(table: Table, fixed: Mapping[str, str], plans: Mapping[str, KnownPlan], zone: ZoneInfo) -> Rule:
    table.only(KEYS)
    table.get("name", str, "")
    match = _match(table, zone)
    names = Names(fixed, PUSHED | _captures(table, match, fixed))
    later = [read_follow_up(row, names, zone) for row in table.tables("follow_up")]
    if not {"reply", "follow_up", "plan", *rule_topics.KEYS} & table.values.keys():
        table.wrong("", "does nothing: it needs a reply, a [[rule.follow_up]], a plan, subscribe or unsubscribe")
    return Rule(
        table=table,
        priority=table.get("priority", int, 0),
        match=match,
        reply=read_says(table, "reply", names) if "reply" in table else None,
        follow_ups=[one for one in later if one],
        runs=read_runs(table.table("plan"), plans, names, zone) if "plan" in table else None,
        topics=read_topics(table, names),
        fixed=fixed,
        zone=zone,
    )


def _match(table: Table, zone: ZoneInfo) -> Filter | None:
    is_default = table.get("default", bool, False)
    if is_default == ("match" in table):
        table.wrong("", "needs one of match and default = true")
        return filters.anything
    return None if is_default else read_match(table.table("match"), zone)


def _captures(table: Table, match: Filter | None, fixed: Mapping[str, str]) -> frozenset[str]:
    captured = match.names if match else frozenset()
    for name in sorted(captured & {*PUSHED, *fixed}):
        table.table("match").wrong("regex", f"captures {name}, which is the name of something else; choose another")
    return captured
