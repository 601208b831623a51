"""What callers of the push API send, checked before anything is stored.

Bodies are strict: an unknown field is a mistake, a number is no string. The check knows the time:
validate with `context={"now": Unix seconds}`.
"""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from wxbot.delivery.fanout import check_key
from wxbot.errors import InvalidMessage
from wxbot.protocol.content import MAX_TEXT, Text, check_kf_account
from wxbot.protocol.facts import facts_json
from wxbot.protocol.outgoing import FollowUp, message_json
from wxbot.protocol.topic import MAX_TOPIC, check_topic
from wxbot.reply.context import LATEST
from wxbot.web.api_call import OPENID
from wxbot.web.api_content import VISIBLE, Message

LATE = 60.0  # seconds a due_at may lie in the past: clocks differ, and requests take time
_WORD = r"^[^\x00-\x1f\x7f]{1,200}$"  # anything that can be shown in one line


def _seconds(value: object) -> object:
    """Return ISO 8601 as Unix seconds; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        when = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("write Unix seconds, or ISO 8601 such as 2026-11-25T13:25+08:00") from None
    if when.tzinfo is None:
        raise ValueError("this has no time zone: add for example +08:00")
    return when.timestamp()


Moment = Annotated[
    float,
    BeforeValidator(_seconds),
    Field(strict=True, ge=0, le=LATEST, allow_inf_nan=False),
    WithJsonSchema({
        "anyOf": [{"type": "number", "minimum": 0, "maximum": LATEST}, {"type": "string", "format": "date-time"}],
        "description": "Unix seconds, or ISO 8601 with a time zone.",
    }),
]  # fmt: skip
Visible = Annotated[str, Field(json_schema_extra={**VISIBLE, "maxLength": MAX_TEXT})]
Topic = Annotated[str, Field(min_length=1, max_length=MAX_TOPIC)]
Word = Annotated[str, Field(pattern=_WORD)]
Openid = Annotated[str, Field(pattern=f"^{OPENID}$")]
Fact = Annotated[str, Field(pattern=r"\S", max_length=1000)]
_EITHER: list[JsonValue] = [
    {
        "required": ["text"],
        "properties": {"text": {"type": "string"}, "message": {"type": "null"}},
    },
    {
        "required": ["message"],
        "properties": {"message": {"type": "object"}, "text": {"type": "null"}},
    },
]


class _Wanted(BaseModel):
    """What is to be sent, when, and what to do when it cannot be."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, json_schema_extra={"oneOf": _EITHER})

    text: Visible | None = Field(default=None, description=f"A text of at most {MAX_TEXT} bytes of UTF-8.")
    message: Message | None = Field(default=None, validate_default=True, description="Anything but a plain text.")
    due_at: Moment | None = Field(default=None, description="When; at once if not given.")
    not_after: Moment | None = Field(default=None, description="Of no use later than this.")
    on_closed: Literal["hold", "drop", "template"] = "hold"
    priority: Literal["normal", "decisive"] = "normal"
    coalesce: Word | None = Field(default=None, description="Replaces the user's waiting ones of the same value.")
    on_doubt: Literal["resend", "park"] = "resend"
    facts: dict[str, Fact] = Field(
        default_factory=dict,
        max_length=50,
        description="What the templates of its fallback may name.",
        json_schema_extra={"propertyNames": {"pattern": r"^[A-Za-z_][A-Za-z0-9_]*$"}},
    )

    kf_account: str = Field(
        default="",
        description="As whom it is sent: prefix@wechat-id.",
        json_schema_extra={"pattern": r"^$|^[^@\s]{1,10}@[^@\s]{1,64}$"},
    )

    @field_validator("kf_account")
    @classmethod
    def _is_kf_account(cls, value: str) -> str:
        try:
            if value:
                check_kf_account(value)
        except InvalidMessage as exc:
            raise ValueError(str(exc)) from None
        return value

    @field_validator("facts")
    @classmethod
    def _are_facts(cls, value: dict[str, str]) -> dict[str, str]:
        try:
            facts_json(value)
        except InvalidMessage as exc:
            raise ValueError(str(exc)) from None
        return value

    @field_validator("text")
    @classmethod
    def _text_fits(cls, value: str | None) -> str | None:
        try:
            if value is not None:
                message_json(Text(value))
        except InvalidMessage as exc:
            raise ValueError(str(exc)) from None
        return value

    @field_validator("message")
    @classmethod
    def _one_of_two(cls, value: Message | None, info: ValidationInfo) -> Message | None:
        if "text" in info.data and (value is None) == (info.data["text"] is None):
            raise ValueError("give either text or message")
        return value

    @field_validator("due_at")
    @classmethod
    def _is_not_past(cls, value: float | None, info: ValidationInfo) -> float | None:
        if value is not None and value < _now(info) - LATE:
            raise ValueError(f"this is more than {LATE:.0f} s in the past; leave it out for at once")
        return value

    @field_validator("not_after")
    @classmethod
    def _is_after_due(cls, value: float | None, info: ValidationInfo) -> float | None:
        if value is not None and value <= max(info.data.get("due_at") or 0, _now(info)):
            raise ValueError("this must be later than due_at and than now, or it would never be sent")
        return value

    def follow_up(self, now: float) -> FollowUp:
        """Return it as the outbox takes it; a due_at in the past is now."""
        content = self.message.made() if self.message else Text(self.text or "")
        return FollowUp(
            message=message_json(content, kf_account=self.kf_account),
            due_at=max(self.due_at or now, now),
            not_after=self.not_after,
            on_closed=self.on_closed,
            priority=self.priority,
            coalesce=self.coalesce,
            on_doubt=self.on_doubt,
            facts=facts_json(self.facts),
        )


def _now(info: ValidationInfo) -> float:
    return float((info.context or {})["now"])


class _ToUser(BaseModel):
    openid: Openid


class NewMessage(_Wanted, _ToUser):
    """A follow-up to queue: for whom, what, when, and what to do when it cannot be sent."""

    key: Word | None = Field(
        default=None, description="A second message to the user with the same key is the first one."
    )
    topic: Topic | None = Field(default=None, description="Whose quiet hours and fallback count for it.")

    @field_validator("topic")
    @classmethod
    def _is_topic(cls, value: str | None) -> str | None:
        try:
            return None if value is None else check_topic(value)
        except InvalidMessage as exc:
            raise ValueError(str(exc)) from None

    def follow_up(self, now: float) -> FollowUp:
        """Return it as the outbox takes it; a due_at in the past is now."""
        return replace(super().follow_up(now), key=self.key, topic=self.topic)


class NewPublication(_Wanted):
    """One message for all who subscribe to a topic when it is due."""

    key: Word = Field(description="A second publication to the topic with the same key is the first one.")

    @field_validator("key")
    @classmethod
    def _key_is_free(cls, value: str) -> str:
        try:
            return check_key(value)
        except InvalidMessage as exc:
            raise ValueError(str(exc)) from None


class NewSubscribers(BaseModel):
    """Who is to subscribe to a topic."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    openids: Annotated[list[Openid], Field(min_length=1, max_length=1000)]


class PageQuery(BaseModel):
    """Which part of a list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: int = Field(default=100, ge=1, le=1000)
    cursor: Annotated[
        str, Field(pattern=r"^[^\x00-\x1f\x7f]{0,200}$", description="The next_cursor of the page before.")
    ] = ""
