"""Plans: what a topic's subscribers are told at times relative to a moment, such as a departure.

Steps are written once (`T-40m`); the moment and the facts that their texts name (`{{gate}}`) belong to
each topic and may change. Pure: a plan, a moment and facts in, what is to be published out.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wxbot import template
from wxbot.errors import InvalidMessage
from wxbot.protocol.content import MAX_TEXT, Content, content_of
from wxbot.protocol.outgoing import FollowUp, OnClosed, OnDoubt, Priority, dumps, message_json
from wxbot.protocol.topic import check_topic
from wxbot.times.spans import parse_offset, parse_span

T = TypeVar("T")

ALWAYS = frozenset({"topic", "time", "date", "month_day"})  # what each text may name besides the facts
WAS = "was"  # the fact of a notice that has what it would have said before the change
RESERVED = ALWAYS | {WAS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is published at once when something changes. `message` is JSON whose texts may name facts.

    `not_after` is a span such as `40m`, from when it is due.
    """

    message: str
    not_after: str | None = None
    priority: Priority = "normal"
    on_closed: OnClosed = "hold"
    on_doubt: OnDoubt = "resend"

    def __post_init__(self) -> None:
        _refused(lambda: _names(self.message), "message")
        if self.not_after is not None:
            _refused(lambda: parse_span(self.not_after or ""), "not_after")

    def missing(self, facts: Mapping[str, str]) -> list[str]:
        """Return what its texts name and nobody has told yet."""
        return sorted(_names(self.message) - {*facts, *ALWAYS})

    def ends_at(self, due_at: float) -> float | None:
        """Return until when it is of use, Unix seconds; None for no end."""
        return None if self.not_after is None else due_at + parse_span(self.not_after)

    def is_useless(self, due_at: float, now: float) -> bool:
        """Return whether its time is over."""
        ends_at = self.ends_at(due_at)
        return ends_at is not None and ends_at <= now

    def follow_up(self, told: Mapping[str, str], due_at: float, now: float, topic: str) -> FollowUp:
        """Return it with its texts filled in, as far as all is told; one that was due before `now` is due now."""
        return FollowUp(
            message=self.message if Notice.missing(self, told) else _filled(self.message, told),
            due_at=max(due_at, now),
            not_after=self.ends_at(due_at),
            on_closed=self.on_closed,
            priority=self.priority,
            on_doubt=self.on_doubt,
            topic=topic,
            facts=dumps(told),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Notice):
    """A notice with a name and its time from the moment T: `T-40m`, `T`, `T+{{duration}}`."""

    name: str
    at: str

    def __post_init__(self) -> None:
        Notice.__post_init__(self)
        if not self.name:
            raise InvalidMessage("a step needs a name: it is what tells it from the others")
        found = _refused(lambda: template.parse(self.at), "at")
        if not found.names:
            _refused(lambda: parse_offset(self.at), "at")

    def missing(self, facts: Mapping[str, str]) -> list[str]:
        """Return what its texts and its time name and nobody has told yet."""
        return sorted({*Notice.missing(self, facts), *(template.parse(self.at).names - {*facts})})

    def has_time(self, facts: Mapping[str, str]) -> bool:
        """Return whether all that its time names is told."""
        return template.parse(self.at).names <= {*facts}

    def due_at(self, moment: float, facts: Mapping[str, str]) -> float:
        """Return when it is due, Unix seconds; raises InvalidMessage when the facts give no time."""
        return moment + _refused(lambda: parse_offset(template.parse(self.at).render(facts)), f"step {self.name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Steps in any order; `moved` is told when the moment moves, `changed` when a fact of that name does.

    `timezone` is for `{{time}}`, `{{date}}` and `{{month_day}}`, which tell the moment.
    """

    name: str
    steps: Sequence[Step]
    moved: Notice | None = None
    changed: Mapping[str, Notice] = field(default_factory=dict)
    timezone: str = "Asia/Shanghai"

    def __post_init__(self) -> None:
        names = [one.name for one in self.steps]
        if twice := {name for name in names if names.count(name) > 1}:
            raise InvalidMessage(f"plan {self.name!r} has two steps with the name {min(twice)!r}")
        _refused(lambda: _zone(self.timezone), "timezone")

    def replaced_by(self, step: Step) -> str | None:
        """Return the notice whose news replaces a step that still waits: of a fact, or of the moment, it tells.

        A decisive step is replaced by nothing: there is more to a boarding call than its gate.
        """
        if step.priority == "decisive":
            return None
        names = _names(step.message)
        facts = [fact for fact in self.changed if fact in names]
        return facts[0] if facts else "moved" if self.moved and names & (ALWAYS - {"topic"}) else None

    def told(self, topic: str, moment: float | None, facts: Mapping[str, str]) -> dict[str, str]:
        """Return all that texts may name."""
        known = {**facts, "topic": topic}
        if moment is not None:
            local = datetime.fromtimestamp(moment, _zone(self.timezone))
            known |= {"time": f"{local:%H:%M}", "date": f"{local:%Y-%m-%d}", "month_day": f"{local:%m-%d}"}
        return known

    def dumps(self) -> str:
        """Return it as JSON, the same for equal plans."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChange:
    """What is wanted of a topic's plan. None and absent facts stay as they are.

    With `overrides` it is news, and moment and facts replace what was known; without, it is a timetable's
    word, which counts only where nobody has told better. `tell` publishes the plan's notices.
    """

    topic: str
    plan: Plan | None = None
    moment: float | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    overrides: bool = True
    tell: bool = True

    def __post_init__(self) -> None:
        check_topic(self.topic)
        if wrong := [name for name in self.facts if not template.NAME.fullmatch(name) or name in RESERVED]:
            raise InvalidMessage(
                f"{wrong[0]!r} cannot be a fact: letters, digits and _, and not {sorted(RESERVED)}"
            )


@dataclass(frozen=True, slots=True)
class Planned:
    """What is known of a topic's plan: its moment (Unix seconds, None while unknown) and its facts."""

    moment: float | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    is_cancelled: bool = False


def step(  # one obvious call; each option is a promise of its own
    name: str,
    at: str,
    said: str | Content,
    *,
    not_after: str | None = None,
    priority: Priority = "normal",
    on_closed: OnClosed = "hold",
    on_doubt: OnDoubt = "resend",
) -> Step:
    """Return a step of a plan: `step("boarding", "T-40m", "请前往 {{gate}}", priority="decisive")`.

    Raises InvalidMessage for what could never be sent.
    """
    message = message_json(content_of(said))
    return Step(
        name=name,
        at=at,
        message=message,
        not_after=not_after,
        priority=priority,
        on_closed=on_closed,
        on_doubt=on_doubt,
    )


def notice(
    said: str | Content,
    *,
    not_after: str | None = None,
    priority: Priority = "normal",
    on_closed: OnClosed = "hold",
    on_doubt: OnDoubt = "resend",
) -> Notice:
    """Return what a plan tells at once when its moment moves or a fact changes; raises InvalidMessage."""
    message = message_json(content_of(said))
    return Notice(message=message, not_after=not_after, priority=priority, on_closed=on_closed, on_doubt=on_doubt)


def loads(text: str) -> Plan:
    """Return the plan that `Plan.dumps` made the text of."""
    stored: dict[str, Any] = json.loads(text)
    return Plan(
        name=stored["name"],
        steps=[Step(**one) for one in stored["steps"]],
        moved=stored["moved"] and Notice(**stored["moved"]),
        changed={name: Notice(**one) for name, one in stored["changed"].items()},
        timezone=stored["timezone"],
    )


def _filled(message: str, told: Mapping[str, str]) -> str:
    """Return the message with values for places; raises InvalidMessage for a text that is then too long."""
    filled = dumps(_each_text(json.loads(message), lambda text: template.parse(text).render(told)))
    stored = json.loads(filled)
    if stored["msgtype"] == "text" and (size := len(stored["text"]["content"].encode())) > MAX_TEXT:
        raise InvalidMessage(f"with these facts a text has {size} bytes of UTF-8, and a message holds {MAX_TEXT}")
    return filled


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _each_text(inner, change) for name, inner in value.items()}
    return [_each_text(inner, change) for inner in value] if isinstance(value, list) else value


def _names(message: str) -> set[str]:
    """Return what a message's texts name; ValueError for a text that is no template."""
    found: set[str] = set()

    def look(text: str) -> str:
        found.update(template.parse(text).names)
        return text

    _each_text(json.loads(message), look)
    return found


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError) as exc:
        raise ValueError(f"{name!r} is no time zone such as Asia/Shanghai") from exc


def _refused(read: Callable[[], T], what: str) -> T:
    """Return what `read` does; a ValueError becomes an InvalidMessage that names the field."""
    try:
        return read()
    except ValueError as exc:
        raise InvalidMessage(f"{what}: {exc}") from None
