"""Plans at work: each step of a topic's plan is a publication that waits for its time.

When the moment or a fact changes, the steps that nobody has yet are changed with it, in one transaction;
what went out stays as it is. A step whose facts are not all known waits until they are. Notices tell a
change at once, but those of one name keep a distance, in which only the last word counts.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import structlog

from wxbot.protocol.outgoing import FollowUp, summary, text_of
from wxbot.reply import plan as bot_plans
from wxbot.reply.plan import WAS, Notice, Plan, PlanChange, Planned, Step
from wxbot.store import outbox, plans, publications
from wxbot.store.engine import Transaction
from wxbot.store.plans import Kept
from wxbot.store.publications import StoredStep

log = structlog.get_logger(__name__)

StepState = Literal["waiting", "planned", "published", "skipped", "cancelled"]

_BRAKE = 60.0  # seconds between two notices of one name: who types a time twice disturbs nobody twice
_UNKNOWN = Kept(None, {}, "")


@dataclass(frozen=True, slots=True)
class StepCard:
    """A step as people see it; it is `waiting` for the facts in `missing`."""

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
    is_cancelled: bool
    moment: float | None
    facts: Mapping[str, str]
    steps: Sequence[StepCard]
    told: Sequence[str] = ()


def planned(tx: Transaction, account: str, topic: str) -> Planned:
    """Return the moment and the facts of a topic, as far as they are known."""
    kept = plans.read(tx, account, topic) or _UNKNOWN
    return Planned(kept.moment, kept.facts, kept.is_cancelled)


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
    if after.plan and after.moment is not None and not after.is_cancelled:
        place = _Place(tx, account, topic, now)
        _lay_out(place, before, after)
        if before.plan and before.moment is not None:
            told = _tell(place, before, after, tell=wanted.tell)
        log.info("plan changed", action="plan_changed", account=account, topic=topic, moment=after.moment)
    return replace(_card(after, topic, publications.steps(tx, account, topic)), told=told)


def cancel(tx: Transaction, account: str, topic: str, now: float) -> bool:
    """Cancel a topic's plan and all of it that has not gone out; False when nothing is known, or it is cancelled.

    It stays cancelled, whoever asks for it, until news gives it a moment or a plan again.
    """
    known = plans.read(tx, account, topic)
    if known is None or known.is_cancelled:
        return False
    kept = plans.hold(tx, account, topic, now)
    plans.keep(tx, account, topic, replace(kept, is_cancelled=True), now)
    for id in publications.of_plan(tx, account, topic):
        if not publications.cancel(tx, id):
            publications.stop(tx, id)
            outbox.recall(tx, account, topic, publications.follow_up_key(id), now, "the plan was cancelled")
    log.info("plan cancelled", action="plan_cancelled", account=account, topic=topic)
    return True


def _changed(before: Kept, wanted: PlanChange) -> Kept:
    """Return what is known after a change: news replaces it, a timetable only adds to it."""
    news = wanted.overrides and wanted.moment is not None
    moment = wanted.moment if news or before.moment is None else before.moment
    first, second = (before.facts, wanted.facts) if wanted.overrides else (wanted.facts, before.facts)
    revives = wanted.overrides and (wanted.moment is not None or wanted.plan is not None)
    plan = wanted.plan.dumps() if wanted.plan else before.plan
    return Kept(moment, {**first, **second}, plan, before.is_cancelled and not revives)


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
            _make_again(place, plan, step, after, there)
        else:
            waited = bool(before.plan and before.moment is not None and step.missing(before.facts))
            _lay(place, plan, step, after, there, waited=waited)


def _make_again(place: _Place, plan: Plan, step: Step, after: Kept, there: StoredStep) -> None:
    """Call back what still waits of a published step that a move has put into the future, and lay it for then.

    Those to whom it went out do not get it again.
    """
    if step.has_time(after.facts) and step.due_at(after.moment or 0.0, after.facts) > place.now:
        key, why = publications.follow_up_key(there.id), "the plan moved: it comes at its new time"
        outbox.recall(place.tx, place.account, place.topic, key, place.now, why)
        new, state = _made(place, plan, step, after)
        publications.reopen(place.tx, there.id, new, state)


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
    new, state = _made(place, plan, step, after)
    if there is None:
        publications.insert_step(place.tx, place.account, place.topic, step.name, new, now, state)
    else:
        publications.change_step(place.tx, there.id, new, state)


def _made(place: _Place, plan: Plan, step: Step, after: Kept) -> tuple[FollowUp, publications.State]:
    """Return a step as it is published, and whether it waits for a fact."""
    moment = after.moment or 0.0
    told = plan.told(place.topic, moment, after.facts)
    new = step.follow_up(told, step.due_at(moment, after.facts), place.now, place.topic)
    if (notice := plan.replaced_by(step)) is not None:
        new = replace(new, coalesce=_news(place.topic, notice))
    return new, "waiting" if step.missing(after.facts) else "running"


def _has_passed(step: Step, due_at: float, there: StoredStep | None, now: float, waited: bool) -> bool:
    is_new = not waited if there is None else there.state == "cancelled"
    return step.is_useless(due_at, now) or (due_at <= now and is_new)


def _tell(place: _Place, before: Kept, after: Kept, *, tell: bool) -> list[str]:
    """Publish the notices of what has changed; return their names. One that still waits tells the newest anyway."""
    plan = bot_plans.loads(after.plan)
    knew, told = (plan.told(place.topic, one.moment, one.facts) for one in (before, after))
    # A fact that was not known before has not changed: the step that waited for it tells it.
    changed = {name for name, fact in before.facts.items() if after.facts[name] != fact}
    notices = {name: (one, name in changed) for name, one in plan.changed.items()}
    if plan.moved is not None:
        notices["moved"] = (plan.moved, before.moment != after.moment)
    return [
        name
        for name, (notice, is_news) in notices.items()
        if not notice.missing(after.facts) and _publish(place, name, notice, knew, told, is_news=tell and is_news)
    ]


def _publish(  # the notice, and what was known before and after
    place: _Place, name: str, notice: Notice, knew: Mapping[str, str], told: Mapping[str, str], *, is_news: bool
) -> bool:
    """Publish a notice, in place of one that waits; False for no news: its readers know what it says."""
    tx, account, topic, now = place.tx, place.account, place.topic, place.now
    last = publications.last_news(tx, account, topic, name)
    waits = last is not None and last.waits
    if not (waits or is_news):
        return False
    if last is not None and waits:
        was, due_at = json.loads(last.facts).get(WAS, ""), last.due_at
    else:
        was = "" if notice.missing(knew) else said(notice.follow_up(knew, now, now, topic).message)
        due_at = now if last is None else max(now, last.due_at + _BRAKE)
        if was == said(notice.follow_up(told, now, now, topic).message):
            if name == "moved" and (knew.get("date"), knew.get("time")) == (told.get("date"), told.get("time")):
                return False
            was = ""  # its text does not tell what has changed: only that something has
    new = notice.follow_up({**told, WAS: was}, due_at, now, topic)
    new = replace(new, coalesce=_news(topic, name))
    if said(new.message) == was and (last is None or not waits or publications.cancel(tx, last.id)):
        return False
    if last is not None and waits and publications.change_step(tx, last.id, new):
        return True
    if last is not None:
        publications.stop(tx, last.id)
    number = publications.count(tx, account, topic, f"news:{name}:") + 1
    publications.insert(tx, account, topic, f"news:{name}:{number}", new, now=now, step=name)
    return True


def said(message: str) -> str:
    """Return what a stored message says, to tell whether two say the same."""
    return text_of(message) or message


def _news(topic: str, notice: str) -> str:
    """Return what is replaced by a newer notice of this name: the older ones, and steps that told the same."""
    return f"{topic}:{notice}"


def _card(kept: Kept, topic: str, stored: Mapping[str, StoredStep]) -> PlanCard:
    plan = bot_plans.loads(kept.plan) if kept.plan else None
    steps = [_step_card(one, kept, stored.get(one.name)) for one in plan.steps] if plan else []
    in_time = sorted(steps, key=lambda one: (one.due_at is None, one.due_at))
    return PlanCard(topic, plan.name if plan else "", kept.is_cancelled, kept.moment, kept.facts, in_time)


def _step_card(step: Step, kept: Kept, there: StoredStep | None) -> StepCard:
    if there is not None and (there.is_begun or there.state == "running"):
        state: StepState = "published" if there.is_begun else "planned"
        return StepCard(step.name, state, there.due_at, there.not_after, summary(there.message))
    missing = step.missing(kept.facts)
    has_time = kept.moment is not None and step.has_time(kept.facts)
    due_at = step.due_at(kept.moment or 0.0, kept.facts) if has_time and not missing else None
    state = "waiting" if missing or kept.moment is None else "skipped"
    state = "cancelled" if kept.is_cancelled else state
    text = summary(step.message if there is None else there.message)
    return StepCard(step.name, state, due_at, None, text, tuple(missing))
