"""How follow-ups of some topics are treated: the tables under `[account.topics]` of the settings."""

import base64
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from wxbot import template
from wxbot.times.local_time import parse_hours

Rung = Literal["template", "subscription", "webhook"]
_SECRET = "whsec_"  # what a webhook's secret begins with


def _is_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{value!r} is no time zone such as Asia/Shanghai") from None
    return value


Zone = Annotated[str, AfterValidator(_is_zone)]


def _is_template(text: str) -> str:
    template.parse(text)
    return text


Filled = Annotated[str, AfterValidator(_is_template)]  # a text with places for values, {{name}}


class TemplateSettings(BaseModel):
    """A template message: `data` is its keywords."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    url: str = ""
    data: dict[str, Filled] = Field(min_length=1)


class SubscriptionSettings(BaseModel):
    """A subscription notification: `data` is its keywords."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1)
    page: str = ""
    data: dict[str, Filled] = Field(min_length=1)


class TopicSettings(BaseModel):
    """What counts for the topics that one pattern fits."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    timezone: Zone = "Asia/Shanghai"
    quiet: str | None = None  # hours such as 23:00-07:00
    decisive_wakes: bool = True  # decisive ones go out in quiet hours too
    template: TemplateSettings | None = None
    subscription: SubscriptionSettings | None = None
    fallback: tuple[Rung, ...] = ()

    @field_validator("quiet")
    @classmethod
    def _are_hours(cls, value: str | None) -> str | None:
        if value is not None:
            parse_hours(value, ZoneInfo("UTC"))
        return value

    @field_validator("fallback")
    @classmethod
    def _has_its_rungs(cls, value: tuple[Rung, ...], info: ValidationInfo) -> tuple[Rung, ...]:
        if len(set(value)) < len(value):
            raise ValueError("names a rung twice")
        if missing := [rung for rung in value if rung in info.data and info.data[rung] is None]:
            raise ValueError(f"names {' and '.join(missing)}, not set here: write for example {missing[0]} = "
                             '{ id = "...", data = { thing1 = "{{text}}" } }')  # fmt: skip
        return value


class FallbackSettings(BaseModel):
    """What an account does by topic, and the webhook that a fallback may end at."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fallback_webhook: str | None = Field(default=None, pattern=r"^https?://[^\s/]")
    fallback_webhook_secret: SecretStr | None = Field(default=None, validate_default=True)
    topics: dict[str, TopicSettings] = Field(default_factory=dict)  # by pattern; the first that fits counts

    @property
    def fallback_webhook_key(self) -> bytes:
        """The key that fallback_webhook_secret stands for; empty without one."""
        secret = self.fallback_webhook_secret
        return _key(secret.get_secret_value()) if secret else b""

    @field_validator("fallback_webhook_secret")
    @classmethod
    def _is_webhook_secret(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None:
            _key(value.get_secret_value())
        elif info.data.get("fallback_webhook"):
            raise ValueError("is missing, and fallback_webhook needs it: set WXBOT_FALLBACK_WEBHOOK_SECRET")
        return value

    @field_validator("topics")
    @classmethod
    def _webhook_is_set(cls, value: dict[str, TopicSettings], info: ValidationInfo) -> dict[str, TopicSettings]:
        ending = [pattern for pattern, one in value.items() if "webhook" in one.fallback]
        if ending and info.data.get("fallback_webhook", "wrong") is None:
            raise ValueError(f"the fallback of {', '.join(ending)} names webhook: set fallback_webhook")
        return value


def _key(secret: str) -> bytes:
    """Return the bytes of a `whsec_` secret; ValueError, without the secret, for anything else."""
    try:
        key = base64.b64decode(secret.removeprefix(_SECRET), validate=True)
    except ValueError:
        key = b""
    if not secret.startswith(_SECRET) or not key:
        raise ValueError("a webhook secret is whsec_ and base64: echo whsec_$(openssl rand -base64 24)")
    return key
