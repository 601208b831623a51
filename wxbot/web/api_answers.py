"""What callers of the push API get. Times are Unix seconds."""

from typing import Any, Literal

from pydantic import BaseModel


class Queued(BaseModel):
    """A stored follow-up. `is_new` is false when its `key` had been used: then this is the first one."""

    id: int
    state: str
    is_new: bool
    reachable_now: bool


class SeenGrant(BaseModel):
    """What one kind of push allowed when a step was decided; `left` is null for any number."""

    kind: str
    left: int | None
    expires_at: int


class Step(BaseModel):
    """One change of a follow-up. `errcode` is the platform's, 0 for none, with its meaning in `zh` and `en`.

    `rung` is the step of the fallback it is about, "" for none; `status` an HTTP status there, 0 for none;
    `receipt` what the platform said later of its delivery.
    """

    at: float
    state: str
    why: str
    errcode: int
    zh: str
    en: str
    rid: str
    grant: str
    rung: str
    status: int
    receipt: str
    seen: list[SeenGrant]


class StoredMessage(BaseModel):
    """A follow-up, its history, and in `now_zh` and `now_en` what would have to happen for it to go out."""

    id: int
    openid: str
    state: str
    origin: str
    message: dict[str, Any]
    due_at: float
    not_after: float | None
    key: str | None
    on_closed: str
    priority: str
    coalesce: str | None
    on_doubt: str
    topic: str | None
    facts: dict[str, str]
    rung: str
    attempts: int
    now_zh: str
    now_en: str
    history: list[Step]


class Cancelled(BaseModel):
    """A follow-up that will not be sent."""

    id: int
    state: Literal["cancelled"] = "cancelled"


class Published(BaseModel):
    """A stored publication. `is_new` is false when its `key` had been used: then this is the first one."""

    id: int
    topic: str
    is_new: bool


class Subscribed(BaseModel):
    """`new` of the users had not been subscribed before."""

    topic: str
    new: int


class Unsubscribed(BaseModel):
    """A user who does not subscribe; `was_subscribed` until now."""

    topic: str
    openid: str
    was_subscribed: bool


class TopicCard(BaseModel):
    """A topic, known since `first_at`, and how many subscribe to it now."""

    topic: str
    first_at: float
    subscribers: int


class TopicsPage(BaseModel):
    """Topics in the order of their names; `next_cursor` is null on the last page."""

    topics: list[TopicCard]
    next_cursor: str | None


class SubscriberCard(BaseModel):
    """Who subscribes, and since when."""

    openid: str
    since: float


class SubscribersPage(BaseModel):
    """A topic's subscribers in the order of their openids; `next_cursor` is null on the last page."""

    subscribers: list[SubscriberCard]
    next_cursor: str | None


class ContactGrant(BaseModel):
    """What one kind of push allows. `left` is null for any number; `expires_at` in Unix seconds."""

    kind: str
    left: int | None
    expires_at: int
    is_open: bool


class ContactCard(BaseModel):
    """A user. `left` messages may go out until `until`; null for any number, and for a closed window.

    `refused` is the errcode that closed the windows, 0 for none; `tags` are the platform's numbers; `agent` is who
    of the account speaks with the user now, "" for nobody.
    """

    openid: str
    first_at: float
    last_at: float
    subscribed: bool
    reachable_now: bool
    left: int | None
    until: int | None
    grants: list[ContactGrant]
    refused: int
    remark: str
    tags: list[int]
    agent: str


class WaitingCard(BaseModel):
    """The user's follow-ups in one state; `next_due` is when the first was or is due.

    The state `announced` is of publications to their topics that are not follow-ups yet.
    """

    state: str
    count: int
    next_due: float


class ContactStory(ContactCard):
    """A user, what waits for them, and in `now_zh` and `now_en` what would have to happen to reach them.

    At most 1,000 `topics` are named.
    """

    now_zh: str
    now_en: str
    waiting: list[WaitingCard]
    topics: list[str]


class ContactsPage(BaseModel):
    """Contacts in the order of their openids; `next_cursor` is null on the last page."""

    contacts: list[ContactCard]
    next_cursor: str | None
