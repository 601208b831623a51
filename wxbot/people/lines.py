"""One line of a file of people: a contact with its windows, or a subscription, as JSON.

The first line says what the file is. Times are Unix seconds; `left` is null for any number of messages.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from wxbot.errors import InvalidMessage
from wxbot.protocol.outgoing import dumps
from wxbot.protocol.topic import check_topic
from wxbot.protocol.window import UNLIMITED, is_unlimited
from wxbot.protocol.wire import printable
from wxbot.store.records import ContactRecord, Subscription

_LONGEST_WINDOW = 49 * 3600  # seconds from now: 48 hours, and clocks that differ
_Seconds = Annotated[float, Field(ge=0, lt=10**11)]
_Openid = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


L = TypeVar("L", bound=_Line)


class Head(_Line):
    """The first line."""

    wxbot: Literal["people"]
    version: Literal[1]
    account: str
    dumped_at: _Seconds


class Window(_Line):
    """So many messages until then; null is any number."""

    left: Annotated[int, Field(ge=0, le=100)] | None
    until: Annotated[int, Field(ge=0, lt=10**11)]


class ContactLine(_Line):
    """Somebody who did something, and what may still be sent to them."""

    contact: _Openid
    first_at: _Seconds
    last_at: _Seconds
    follows: bool = True
    message: Window | None = None
    action: Window | None = None
    remark: Annotated[str, Field(max_length=100)] = ""
    tags: Annotated[list[Annotated[int, Field(ge=0, lt=2**31)]], Field(max_length=100)] = []
    unionid: Annotated[str, Field(max_length=128)] = ""

    @field_validator("remark", "unionid")
    @classmethod
    def _is_printable(cls, value: str) -> str:
        if printable(value) != value:
            raise ValueError("control characters are not allowed")
        return value

    def record(self) -> ContactRecord:
        """Return it as the store takes it."""
        return ContactRecord(
            openid=self.contact,
            first_at=self.first_at,
            last_at=self.last_at,
            subscribed=self.follows,
            message_left=_left(self.message),
            message_until=self.message.until if self.message else 0,
            action_left=_left(self.action),
            action_until=self.action.until if self.action else 0,
            remark=self.remark,
            tags=self.tags,
            unionid=self.unionid,
        )


class SubscriptionLine(_Line):
    """Who gets what is published to a topic."""

    subscription: str
    openid: _Openid
    since: _Seconds

    @field_validator("subscription")
    @classmethod
    def _is_topic(cls, value: str) -> str:
        try:
            return check_topic(value)
        except InvalidMessage as exc:
            raise ValueError(str(exc)) from None

    def record(self) -> Subscription:
        """Return it as the store takes it."""
        return Subscription(self.subscription, self.openid, self.since)


def _left(window: Window | None) -> int:
    if window is None:
        return 0
    return UNLIMITED if window.left is None else window.left


def contact_line(one: ContactRecord) -> str:
    """Return a contact as a line."""
    line = {
        "contact": one.openid,
        "first_at": one.first_at,
        "last_at": one.last_at,
        "follows": one.subscribed,
        "message": _window(one.message_left, one.message_until),
        "action": _window(one.action_left, one.action_until),
        "remark": one.remark,
        "tags": list(one.tags),
        "unionid": one.unionid,
    }
    return as_line(line)


def _window(left: int, until: int) -> Mapping[str, int | None] | None:
    return {"left": None if is_unlimited(left) else left, "until": until} if until else None


def subscription_line(one: Subscription) -> str:
    """Return a subscription as a line."""
    return as_line({"subscription": one.topic, "openid": one.openid, "since": one.since})


def as_line(value: Mapping[str, Any]) -> str:
    """Return a JSON object in one line, every character as itself."""
    return dumps(value) + "\n"


def read_head(line: bytes) -> Head | str:
    """Return the first line, or what is wrong with it."""
    return _read(Head, line)


def read_line(line: bytes, now: float) -> ContactRecord | Subscription | str:
    """Return what any other line holds, or what is wrong with it: also a window that no push until `now` opened."""
    if line.lstrip().startswith(b'{"subscription"'):
        subscription = _read(SubscriptionLine, line)
        return subscription if isinstance(subscription, str) else subscription.record()
    contact = _read(ContactLine, line)
    if isinstance(contact, str):
        return contact
    for window in (contact.message, contact.action):
        if window is not None and window.until > now + _LONGEST_WINDOW:
            return f"a window until {window.until} is longer than the 48 hours that a push can open"
    return contact.record()


def _read(kind: type[L], line: bytes) -> L | str:
    try:
        return kind.model_validate_json(line)
    except ValidationError as exc:
        return "; ".join(_told(error) for error in exc.errors(include_url=False, include_input=False))


def _told(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    said = str(error["msg"]).removeprefix("Value error, ")
    return f"{place}: {said}" if place else said
