"""The people who follow the account, and what each of their phones shows."""

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any, Literal

from wxbot.simulator.rights import Rights

Via = Literal["user", "passive", "custom", "template", "notice"]

_REPEAT_MEMORY = 600  # seconds in which an equal message counts as a duplicate


@dataclass(slots=True)
class Item:
    """One thing on the phone: `out` was sent by its owner, `in` arrived; `at` is Unix seconds."""

    direction: Literal["in", "out"]
    via: Via
    type: str
    text: str
    at: float
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class KfAccount:
    """A person who answers for the account."""

    nick: str
    id: int
    online: bool = False


@dataclass(slots=True)
class Person:
    """One follower, past or present."""

    openid: str
    since: float  # when they first met the account
    following: bool = True
    has_followed: bool = True  # now or ever
    scene: str = ""  # the QR scene they came by
    system: int = 1  # of the phone: 1 iOS, 2 Android, 3 others
    tags: list[int] = field(default_factory=list)  # in the order in which they were given
    remark: str = ""
    rights: Rights = field(default_factory=Rights)
    phone: list[Item] = field(default_factory=list)
    last_exchange: float = 0.0  # when either side last spoke
    typing_until: float = 0.0
    highest_mark: int = -1  # of the `#n` sequence marks seen in texts
    recent: dict[str, float] = field(default_factory=dict)  # digest of an accepted body -> when
    consents: dict[str, int] = field(default_factory=dict)  # template_id -> notifications agreed to

    def show(self, item: Item) -> None:
        """Put one thing at the end of the chat."""
        self.phone.append(item)
        if item.via != "notice":
            self.last_exchange = item.at
            self.typing_until = 0.0

    def is_repeat(self, body: bytes, now: float) -> bool:
        """Return whether these very bytes were accepted in the last ten minutes, and remember them."""
        digest = hashlib.sha256(body).hexdigest()
        self.recent = {known: at for known, at in self.recent.items() if now - at < _REPEAT_MEMORY}
        repeated = digest in self.recent
        self.recent.setdefault(digest, now)
        return repeated

    def is_late(self, mark: int) -> bool:
        """Return whether a higher sequence mark was seen before, and remember this one."""
        late = mark < self.highest_mark
        self.highest_mark = max(mark, self.highest_mark)
        return late


def nth_openid(number: int) -> str:
    """Return the openid of the n-th person met: 28 characters, the same in every run."""
    digest = hashlib.sha256(f"wxbot simulator person {number}".encode()).digest()
    return "o" + base64.urlsafe_b64encode(digest).decode()[:27]
