"""Plans at work: each step of a topic's plan is a publication that waits for its time.

When the moment or a fact changes, the steps that nobody has yet are changed with it, in one transaction;
what was published stays published. A step whose facts are not all known waits until they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import structlog

from wxbot.protocol.outgoing import summary
from wxbot.reply import plan as bot_plans
from wxbot.reply.plan import Plan, PlanChange, Planned, Step
from wxbot.store import outbox, plans, publications
from wxbot.store.engine import Transaction
from wxbot.store.plans import Kept
from wxbot.store.publications import StoredStep

log = structlog.get_logger(__name__)

StepState = Literal["waiting", "planned", "published", "skipped"]

_UNKNOWN = Kept(None, {}, "")


@dataclass(frozen=True, slots=True)
class StepCard:
    """A step as people see it. `state`: waiting (for `missing` facts) | planned | published | skipped."""

    step: str
    state: StepState
    due_at: float | None
    not_after: float | None
    text: str
    missing: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class PlanCard:
    """What is known of a topic's plan. `told` names the notices that a change published."""

    topic: str
    plan: str
    moment: float | None
    facts: Mapping[str, str]
    steps: Sequence[StepCard]
    told: Sequence[str] = ()


def planned(tx: Transaction, account: str, topic: str) -> Planned:
    """Return the moment and the facts of a topic, as far as they are known."""
    kept = plans.read(tx, account, topic) or _UNKNOWN
    return Planned(kept.moment, kept.facts)


def card(tx: Transaction, account: str, topic: str) -> PlanCard | None:
    """Return a topic's plan with the fate of each step, None when nothing is known of it."""
    kept = plans.read(tx, account, topic)
    return _card(kept, topic, publications.steps(tx, account, topic)) if kept else None


def change(tx: Transaction, account: str, wanted: PlanChange, now: float) -> PlanCard:
    """Give a topic a plan, or move the one it has; return what it is then.

    Raises InvalidMessage, and then the transaction must end, when a step could not be sent like that.
    """
    topic = wanted.topic
    before = plans.read(tx, account, topic)
    if before is not None and _changed(before, wanted) == before:
        return _card(before, topic, publications.steps(tx, account, topic))
    before = plans.hold(tx, account, topic, now)
    after = _changed(before, wanted)
    plans.keep(tx, account, topic, after, now)
    told: list[str] = []
    if after.plan and after.moment is not None:
        place = _Place(tx, account, topic, now)
        _lay_out(place, before, after)
        told = _tell(place, before, after) if wanted.tell and before.plan and before.moment is not None else []
        log.info("plan changed", action="plan_changed", account=account, topic=topic, moment=after.moment)
    return replace(_card(after, topic, publications.steps(tx, account, topic)), told=told)


def cancel(tx: Transaction, account: str, topic: str) -> bool:
    """Forget a topic's plan and cancel the steps that nobody has yet; False when it has none."""
    for stored in publications.steps(tx, account, topic).values():
        publications.cancel(tx, stored.id)
    return plans.forget(tx, account, topic)


def _changed(before: Kept, wanted: PlanChange) -> Kept:
    """Return what is known after a change: news replaces it, a timetable only adds to it."""
    news = wanted.overrides and wanted.moment is not None
    moment = wanted.moment if news or before.moment is None else before.moment
    first, second = (before.facts, wanted.facts) if wanted.overrides else (wanted.facts, before.facts)
    return Kept(moment, {**first, **second}, wanted.plan.dumps() if wanted.plan else before.plan)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a change happens, and when."""

    tx: Transaction
    account: str
    topic: str
    now: float


def _lay_out(place: _Place, before: Kept, after: Kept) -> None:
    """Store, change or cancel each step that nobody has yet, so that all fit the moment and the facts."""
    plan = bot_plans.loads(after.plan)
    stored = publications.steps(place.tx, place.account, place.topic)
    for gone in stored.keys() - {one.name for one in plan.steps}:
        publications.cancel(place.tx, stored[gone].id)
    for step in plan.steps:
        there = stored.get(step.name)
        if there is not None and there.is_begun:
            _recall(place, step, after, there)
        else:
            waited = bool(before.plan and before.moment is not None and step.missing(before.facts))
            _lay(place, plan, step, after, there, waited=waited)


def _recall(place: _Place, step: Step, after: Kept, there: StoredStep) -> None:
    """Cancel what still waits of a published step that the move has put into the future: it is not true now."""
    if step.has_time(after.facts) and step.due_at(after.moment or 0.0, after.facts) > place.now:
        key, why = publications.follow_up_key(there.id), "the plan moved: it is not true any more"
        outbox.cancel_key(place.tx, place.account, place.topic, key, place.now, why)


def _lay(place: _Place, plan: Plan, step: Step, after: Kept, there: StoredStep | None, *, waited: bool) -> None:
    """Lay one step: `waited` when it was there before, and only its facts were missing.

    One that had passed when it came in is skipped; one that a move puts into the past goes out now. One whose
    text lacks a fact is stored all the same, so that a message is kept for it.
    """
    moment, now = after.moment or 0.0, place.now
    if not step.has_time(after.facts) or _has_passed(step, step.due_at(moment, after.facts), there, now, waited):
        if there is not None:
            publications.cancel(place.tx, there.id)
        return
    told = plan.told(place.topic, moment, after.facts)
    new = step.follow_up(told, step.due_at(moment, after.facts), now, place.topic)
    if (notice := plan.replaced_by(step)) is not None:
        new = replace(new, coalesce=_news(place.topic, notice))
    state: publications.State = "waiting" if step.missing(after.facts) else "running"
    if there is None:
        publications.insert_step(place.tx, place.account, place.topic, step.name, new, now, state)
    else:
        publications.change_step(place.tx, there.id, new, state)


def _has_passed(step: Step, due_at: float, there: StoredStep | None, now: float, waited: bool) -> bool:
    is_new = not waited if there is None else there.state == "cancelled"
    return step.is_useless(due_at, now) or (due_at <= now and is_new)


def _tell(place: _Place, before: Kept, after: Kept) -> list[str]:
    """Publish the notices of what has changed; return their names."""
    plan = bot_plans.loads(after.plan)
    told = plan.told(place.topic, after.moment, after.facts)
    # A fact that was not known before has not changed: the step that waited for it tells it.
    changed = {name for name, fact in before.facts.items() if after.facts[name] != fact}
    notices = {name: one for name, one in plan.changed.items() if name in changed}
    if plan.moved is not None and before.moment != after.moment:
        notices["moved"] = plan.moved
    notices = {name: one for name, one in notices.items() if not one.missing(after.facts)}
    for name, notice in notices.items():
        new = notice.follow_up(told, place.now, place.now, place.topic)
        new = replace(new, coalesce=_news(place.topic, name))
        number = publications.count(place.tx, place.account, place.topic, f"news:{name}:") + 1
        key = f"news:{name}:{number}"
        publications.insert(place.tx, place.account, place.topic, key, new, now=place.now, step=name)
    return list(notices)


def _news(topic: str, notice: str) -> str:
    """Return what is replaced by a newer notice of this name: the older ones, and steps that told the same."""
    return f"{topic}:{notice}"


def _card(kept: Kept, topic: str, stored: Mapping[str, StoredStep]) -> PlanCard:
    plan = bot_plans.loads(kept.plan) if kept.plan else None
    steps = [_step_card(one, kept, stored.get(one.name)) for one in plan.steps] if plan else []
    in_time = sorted(steps, key=lambda one: (one.due_at is None, one.due_at))
    return PlanCard(topic, plan.name if plan else "", kept.moment, kept.facts, in_time)


def _step_card(step: Step, kept: Kept, there: StoredStep | None) -> StepCard:
    if there is not None and there.state != "waiting":
        state: StepState = "published" if there.is_begun else "planned" if there.state == "running" else "skipped"
        return StepCard(step.name, state, there.due_at, there.not_after, summary(there.message))
    missing = step.missing(kept.facts)
    due_at = None if missing or kept.moment is None else step.due_at(kept.moment, kept.facts)
    state = "waiting" if missing or kept.moment is None else "skipped"
    return StepCard(step.name, state, due_at, None, summary(step.message), tuple(missing))
