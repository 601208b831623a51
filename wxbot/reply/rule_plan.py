"""Plans in the rules file: `[[plan]]`, and the `plan` of a rule, which lets one run for a topic."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from zoneinfo import ZoneInfo

from wxbot import template
from wxbot.errors import InvalidMessage
from wxbot.protocol.outgoing import message_json
from wxbot.reply.context import Context
from wxbot.reply.plan import ALWAYS, RESERVED, Notice, Plan, Step
from wxbot.reply.rule_content import Names, read_says, read_text
from wxbot.reply.rule_follow_up import CHOICES, Due, dates, read_due
from wxbot.reply.rule_topics import ask, check_sample
from wxbot.reply.toml_table import Table, suggestion
from wxbot.template import Template

KEYS = ("name", "facts", "step", "moved", "changed")
_NOTICE = ("text", "content", "not_after", *CHOICES)
_OF_RULE = ("name", "topic", "after", "at", "day", "facts")


@dataclass(frozen=True, slots=True)
class KnownPlan:
    """A plan of the file, and the facts its texts may name."""

    plan: Plan
    facts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Runs:
    """What a rule does with a plan: for which topic, from which moment, with which facts."""

    plan: Plan
    topic: Template
    due: Due
    facts: Mapping[str, Template]

    def add(self, ctx: Context, values: Mapping[str, str]) -> None:
        """Subscribe the user to the topic, and let the plan run as far as nobody has told better.

        A topic that comes out impossible is left out, as in `subscribe`.
        """
        moment = self.due.moment(ctx.now)
        known = {**values, **dates(moment)}
        facts = {name: fact.render(known) for name, fact in self.facts.items()}
        topic = self.topic.render(known)
        if ask(ctx.subscribe, topic, ctx):
            ctx.plan(topic, self.plan, moment=moment, facts=facts)


def read_plans(top: Table, fixed: Mapping[str, str], zone: ZoneInfo) -> dict[str, KnownPlan]:
    """Return the plans of a file by their names; what is wrong is noted."""
    found: dict[str, KnownPlan] = {}
    for table in top.tables("plan"):
        table.only(KEYS)
        name = table.get("name", str, "")
        if not name or name in found:
            table.wrong("name" if name else "", "is the name of another plan" if name else "needs a name")
        facts = frozenset(table.texts("facts"))
        for fact in sorted(facts):
            if not template.NAME.fullmatch(fact) or fact in {*RESERVED, *fixed}:
                table.wrong("facts", f"has {fact!r}, which cannot be a fact's name or is that of something else")
        plan = _plan(table, name, Names(fixed, ALWAYS | facts), zone)
        if plan is not None:
            found[name] = KnownPlan(plan, facts)
    return found


def _plan(table: Table, name: str, names: Names, zone: ZoneInfo) -> Plan | None:
    steps = [_step(row, names) for row in table.tables("step")]
    changed = {fact: _notice(table.table("changed").table(fact), names) for fact in table.get("changed", dict, {})}
    for fact in sorted(changed.keys() - names.pushed):
        table.table("changed").wrong(fact, f"is no fact of this plan{suggestion(fact, names.pushed - ALWAYS)}")
    moved = _notice(table.table("moved"), names) if "moved" in table else None
    if not steps:
        table.wrong("", "has no [[plan.step]]")
    try:
        return Plan(
            name=name,
            steps=[one for one in steps if one],
            moved=moved,
            changed={fact: one for fact, one in changed.items() if one},
            timezone=zone.key,
        )
    except InvalidMessage as exc:
        table.wrong("", f"cannot be: {exc}")
        return None


def _step(table: Table, names: Names) -> Step | None:
    notice = _notice(table, names, more=("name", "at"))
    if notice is None:
        return None
    try:
        return Step(name=table.get("name", str, ""), at=table.get("at", str, ""), **asdict(notice))
    except InvalidMessage as exc:
        table.wrong("", f"cannot be: {exc}")
        return None


def _notice(table: Table, names: Names, more: tuple[str, ...] = ()) -> Notice | None:
    table.only([*_NOTICE, *more])
    if ("text" in table) == ("content" in table):
        table.wrong("", "needs one of text and content")
        return None
    says = read_says(table, "text" if "text" in table else "content", names, as_follow_up=True)
    options = {name: table.choice(name, known) for name, known in CHOICES.items()}
    try:
        said = says and says.content({**names.fixed, **{name: f"{{{{{name}}}}}" for name in names.pushed}})
        if said is None or not all(options.values()):
            return None
        notice = Notice(message=message_json(said), **options)  # type: ignore[arg-type]  # `choice` has checked them
        return replace(notice, not_after=table.get("not_after", str, "") or None)
    except InvalidMessage as exc:
        table.wrong("", f"cannot be: {exc}")
        return None


def read_runs(table: Table, plans: Mapping[str, KnownPlan], names: Names, zone: ZoneInfo) -> Runs | None:
    """Return what a rule does with a plan, None when it is wrong; what is wrong is noted."""
    table.only(_OF_RULE)
    due, name = read_due(table, zone), table.get("name", str, "")
    topic = read_text(table, "topic", names)
    check_sample(topic, names, partial(table.wrong, "topic"))
    rows = table.table("facts")
    facts = {fact: read_text(rows, fact, names) for fact in rows.values}
    if "topic" not in table:
        table.wrong("", "needs a topic: who hears of it subscribes to that")
    if name not in plans:
        table.wrong("name" if name else "", f"is no [[plan]] of this file{suggestion(name, plans.keys())}")
        return None
    for fact in sorted(facts.keys() - plans[name].facts):
        rows.wrong(fact, f"is no fact of plan {name!r}{suggestion(fact, plans[name].facts)}")
    return Runs(plans[name].plan, topic, due, facts)
