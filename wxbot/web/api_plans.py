"""The push API's plans: what a topic's subscribers will be told and when, and moving it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, field_validator, model_validator

from wxbot.delivery import plans
from wxbot.delivery.plans import PlanCard
from wxbot.errors import InvalidMessage
from wxbot.reply.plan import Notice, Plan, PlanChange, Step, notice, step
from wxbot.store.engine import Transaction
from wxbot.web.api_call import Answer, Call, Operation, answer, body_of, once, topic_of
from wxbot.web.api_models import Fact, Moment, Visible, Word
from wxbot.web.problems import Problem

_STRICT = ConfigDict(extra="forbid", frozen=True, strict=True)
Span = Annotated[str, Field(pattern=r"^(\d+d)?(\d+h)?(\d+m)?(\d+s)?$", min_length=2, max_length=20)]


class NewNotice(BaseModel):
    """A text that may name facts, `{{gate}}`, and what to do when it cannot be sent."""

    model_config = _STRICT

    text: Visible
    not_after: Span | None = Field(default=None, description="Of no use so long after it is due: `40m`.")
    priority: Literal["normal", "decisive"] = "normal"
    on_closed: Literal["hold", "drop", "template"] = "hold"
    on_doubt: Literal["resend", "park"] = "resend"

    @model_validator(mode="after")
    def _can_be_sent(self) -> "NewNotice":
        try:
            self.made()
        except InvalidMessage as exc:
            raise ValueError(str(exc)) from None
        return self

    def made(self) -> Notice:
        """Return it as a plan takes it; raises InvalidMessage."""
        return notice(
            self.text,
            not_after=self.not_after,
            priority=self.priority,
            on_closed=self.on_closed,
            on_doubt=self.on_doubt,
        )


class NewStep(NewNotice):
    """A notice with a name, due at a time from the moment T: `T-40m`, `T`, `T+{{duration}}+2d`."""

    name: Word
    at: Word

    def made(self) -> Step:
        """Return it as a plan takes it; raises InvalidMessage."""
        return step(
            self.name,
            self.at,
            self.text,
            not_after=self.not_after,
            priority=self.priority,
            on_closed=self.on_closed,
            on_doubt=self.on_doubt,
        )


class NewPlan(BaseModel):
    """The steps of a plan; `moved` is told when the moment moves, `changed` when the fact of that name does."""

    model_config = _STRICT

    name: Word = "api"
    steps: Annotated[Sequence[NewStep], Field(min_length=1, max_length=100)]
    moved: NewNotice | None = None
    changed: Mapping[str, NewNotice] = Field(default_factory=dict)
    timezone: Word = "Asia/Shanghai"

    @model_validator(mode="after")
    def _holds_together(self) -> "NewPlan":
        try:
            self.made()
        except InvalidMessage as exc:
            raise ValueError(str(exc)) from None
        return self

    def made(self) -> Plan:
        """Return the plan; raises InvalidMessage."""
        return Plan(
            name=self.name,
            steps=[one.made() for one in self.steps],
            moved=self.moved.made() if self.moved else None,
            changed={name: one.made() for name, one in self.changed.items()},
            timezone=self.timezone,
        )


_ANY: list[JsonValue] = [{"required": [name]} for name in ("moment", "facts", "plan")]


class NewPlanChange(BaseModel):
    """What is new of a topic's plan; what is left out stays as it is."""

    model_config = ConfigDict(**_STRICT, json_schema_extra={"anyOf": _ANY})

    moment: Moment | None = Field(default=None, description="What the steps' times count from.")
    facts: Mapping[str, Fact] = Field(default_factory=dict, description="What the texts name; the others stay.")
    plan: NewPlan | None = Field(default=None, description="Only where no bot gives the topic one.")
    tell: bool = Field(default=True, description="Publish the plan's notices of what has changed.")

    @field_validator("facts")
    @classmethod
    def _facts_have_names(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        try:
            PlanChange(topic="any", facts=value)
        except InvalidMessage as exc:
            raise ValueError(str(exc)) from None
        return value

    @model_validator(mode="after")
    def _changes_something(self) -> "NewPlanChange":
        if self.moment is None and not self.facts and self.plan is None:
            raise ValueError("give moment, facts or plan: what is new")
        return self


class PlanStep(BaseModel):
    """A step: `waiting` for the facts in `missing`, `planned`, `published`, `skipped`, as its time was over,
    or `cancelled` with its plan.
    """

    step: str
    state: Literal["waiting", "planned", "published", "skipped", "cancelled"]
    due_at: float | None
    not_after: float | None
    text: str
    missing: list[str]


class TopicPlan(BaseModel):
    """A topic's plan; `moment` is null while nobody has told it. `told` names the notices just published."""

    topic: str
    plan: str
    is_cancelled: bool
    moment: float | None
    facts: dict[str, str]
    steps: list[PlanStep]
    told: list[str]


def change_plan(call: Call) -> Answer:
    """Move a topic's plan, or give it one."""
    return once(call, lambda: _changing(call, body_of(call, NewPlanChange)))


def _changing(call: Call, wanted: NewPlanChange) -> Callable[[Transaction], Answer]:
    news = PlanChange(
        topic=topic_of(call),
        plan=wanted.plan.made() if wanted.plan else None,
        moment=wanted.moment,
        facts=wanted.facts,
        tell=wanted.tell,
    )
    return lambda tx: answer(200, _shown(plans.change(tx, call.account, news, call.now)))


def show_plan(call: Call) -> Answer:
    """Show a topic's plan and what became of its steps."""
    found = call.store.read(lambda tx: plans.card(tx, call.account, topic_of(call)))
    if found is None:
        raise _unplanned()
    return answer(200, _shown(found))


def cancel_plan(call: Call) -> Answer:
    """Cancel what is to come of a topic's plan; one that is cancelled stays so."""

    def work(tx: Transaction) -> Answer:
        plans.cancel(tx, call.account, topic_of(call), call.now)
        found = plans.card(tx, call.account, topic_of(call))
        if found is None:
            raise _unplanned()
        return answer(200, _shown(found))

    return call.store.write(work)


def _unplanned() -> Problem:
    return Problem(404, "nothing is planned for this topic")


def _shown(card: PlanCard) -> TopicPlan:
    return TopicPlan.model_validate(card, from_attributes=True)


OPERATIONS = (
    Operation(
        name="change_plan",
        method="POST",
        path="/topics/{topic}/plan",
        scope="publish",
        about="Move a topic's plan (a delay, another gate), or give it one.",
        handle=change_plan,
        status=200,
        answer=TopicPlan,
        body=NewPlanChange,
    ),
    Operation(
        name="show_plan",
        method="GET",
        path="/topics/{topic}/plan",
        scope="read",
        about="What a topic's subscribers will be told, and what they were.",
        handle=show_plan,
        status=200,
        answer=TopicPlan,
    ),
    Operation(
        name="cancel_plan",
        method="DELETE",
        path="/topics/{topic}/plan",
        scope="publish",
        about="Cancel a topic's plan: nothing more of it goes out, until it gets a moment or a plan again.",
        handle=cancel_plan,
        status=200,
        answer=TopicPlan,
    ),
)
