"""What we say to a user, before it becomes a passive reply (XML) or a follow-up (JSON).

Fields are spelled as in the customer-service interface. A value that the platform would refuse
raises InvalidMessage when it is made. Source: docs/platform.md §3, §5.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TypeAlias

from wxbot.errors import InvalidMessage
from wxbot.protocol.wire import printable

MAX_TEXT = 2047  # bytes of UTF-8; 2,048 is accepted by some accounts only
_KF_ACCOUNT = re.compile(r"[^@\s]{1,10}@[^@\s]{1,64}")  # prefix@wechat-id
LONGEST_SIGN = 40  # characters looked back over for the start of a sign; the longest emoji has 10


@dataclass(frozen=True, slots=True)
class Text:
    """A text; `<a href>` links and newlines are shown."""

    content: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "content", printable(self.content))
        if not self.content.strip():
            raise InvalidMessage("a text needs content: the platform shows a failure notice for an empty one")


@dataclass(frozen=True, slots=True)
class File:
    """A file to show, where a media_id may stand: by its path, or by a name and the `content` made in memory.

    It is read and kept when the handler has answered; what the platform would not take raises InvalidMessage then.
    """

    path: str
    content: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Image:
    """A picture by its media_id, or a File."""

    media_id: str | File

    def __post_init__(self) -> None:
        _need(self, "media_id")


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice note by its media_id, or a File."""

    media_id: str | File

    def __post_init__(self) -> None:
        _need(self, "media_id")


@dataclass(frozen=True, slots=True)
class Video:
    """A video; as a follow-up it needs `thumb_media_id`. Both may be Files."""

    media_id: str | File
    title: str = ""
    description: str = ""
    thumb_media_id: str | File = ""

    def __post_init__(self) -> None:
        _need(self, "media_id")


@dataclass(frozen=True, slots=True)
class Music:
    """A piece of music by its links; the platform shows none without a picture beside it, `thumb_media_id`."""

    musicurl: str
    hqmusicurl: str = ""
    title: str = ""
    description: str = ""
    thumb_media_id: str | File = ""

    def __post_init__(self) -> None:
        _need(self, "musicurl", "thumb_media_id")


@dataclass(frozen=True, slots=True)
class Article:
    """One card of a News."""

    title: str
    description: str = ""
    url: str = ""
    picurl: str = ""

    def __post_init__(self) -> None:
        _need(self, "title")


@dataclass(frozen=True, slots=True)
class News:
    """Cards with picture and link: one in a follow-up or in answer to a message, up to 8 to an event."""

    articles: Sequence[Article]

    def __post_init__(self) -> None:
        if not 1 <= len(self.articles) <= 8:
            raise InvalidMessage(f"a news has 1 to 8 articles, not {len(self.articles)}")


@dataclass(frozen=True, slots=True)
class TransferCustomerService:
    """Hand the user's message to a human agent: any, or the one named (`prefix@wechat-id`). Passive only."""

    kf_account: str = ""

    def __post_init__(self) -> None:
        if self.kf_account:
            check_kf_account(self.kf_account)


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One line of a MsgMenu; its id comes back as `bizmsgmenuid`."""

    id: str
    content: str

    def __post_init__(self) -> None:
        _need(self, "id", "content")


@dataclass(frozen=True, slots=True)
class MsgMenu:
    """A question whose answers can be tapped. Follow-up only."""

    head_content: str
    list: Sequence[MenuItem]
    tail_content: str = ""

    def __post_init__(self) -> None:
        if not self.list:
            raise InvalidMessage("a msgmenu needs at least one item in its list")


@dataclass(frozen=True, slots=True)
class MiniProgramPage:
    """A card that opens a page of a linked mini program. Follow-up only."""

    title: str
    appid: str
    pagepath: str
    thumb_media_id: str | File

    def __post_init__(self) -> None:
        _need(self, "title", "appid", "pagepath", "thumb_media_id")


@dataclass(frozen=True, slots=True)
class MpNews:
    """Articles of the old material library, by their media_id; the platform has withdrawn it. Follow-up only."""

    media_id: str

    def __post_init__(self) -> None:
        _need(self, "media_id")


@dataclass(frozen=True, slots=True)
class MpNewsArticle:
    """A published article by its article_id. Follow-up only."""

    article_id: str

    def __post_init__(self) -> None:
        _need(self, "article_id")


@dataclass(frozen=True, slots=True)
class WxCard:
    """A card or coupon by its card_id. Follow-up only."""

    card_id: str

    def __post_init__(self) -> None:
        _need(self, "card_id")


Passive: TypeAlias = Text | Image | Voice | Video | Music | News | TransferCustomerService
FollowUpOnly: TypeAlias = MsgMenu | MiniProgramPage | MpNews | MpNewsArticle | WxCard
Content: TypeAlias = Passive | FollowUpOnly


def content_of(said: "str | Content") -> Content:
    """Return what a handler said as content: a plain `str` is a Text. TypeError for anything else."""
    content = Text(said) if isinstance(said, str) else said
    if not isinstance(content, Content):
        raise TypeError(f"a handler returns a str, a content such as Image, or None, not {type(said).__name__}")
    return content


def id_of(media_id: str | File) -> str:
    """Return a media_id; raises InvalidMessage for a File, which has none before it is kept."""
    if isinstance(media_id, File):
        raise InvalidMessage(f"{media_id.path} is a File: only what a handler says may show one")
    return media_id


def check_kf_account(name: str) -> None:
    """Raise InvalidMessage for what cannot be a customer-service account."""
    if not _KF_ACCOUNT.fullmatch(name):
        raise InvalidMessage(f"kf_account is prefix@wechat-id, its prefix of at most 10 characters, not {name!r}")


def _need(value: object, *names: str) -> None:
    for name in names:
        given = getattr(value, name)
        if not printable(given.path if isinstance(given, File) else given).strip():
            raise InvalidMessage(f"{type(value).__name__} needs {name}")


def split_text(text: str, limit: int = MAX_TEXT) -> list[str]:
    """Return `text` in parts of at most `limit` bytes of UTF-8, none of them blank.

    A part ends at a line's end where one lies in its second half, else between two characters;
    never inside a character, nor before a sign that belongs to the one before it. A limit below
    4 counts as 4: no character needs more.
    """
    limit = max(limit, 4)
    parts = []
    rest = printable(text)
    while len(rest[: limit + 1].encode()) > limit:
        cut = _cut(rest, limit)
        parts.append(rest[:cut].rstrip("\r\n"))
        rest = rest[cut:].lstrip("\r\n")
    return [part for part in [*parts, rest] if part.strip()]


def _cut(text: str, limit: int) -> int:
    """Return how many characters of `text` the first part takes: at least one, when `limit` is 4 or more."""
    head = text[:limit].encode()[:limit].decode(errors="ignore")
    line = head.rfind("\n")
    if line > len(head) // 2:
        return line + 1
    for cut in range(len(head), max(len(head) - LONGEST_SIGN, 0), -1):
        if not _joined(text, cut):
            return cut
    return len(head)


def _joined(text: str, cut: int) -> bool:
    """Return whether the characters on both sides of `cut` are drawn as one sign.

    Joiners, variation selectors, skin tones, tags, combining marks, and the two letters of a flag.
    """
    before, after = text[cut - 1], text[cut]
    if _is_flag_letter(after):
        letters = takewhile(_is_flag_letter, reversed(text[:cut]))
        return sum(1 for _ in letters) % 2 == 1 or before == "\u200d"
    return (
        "\u200d" in (before, after)
        or unicodedata.category(after) in {"Mn", "Mc", "Me"}
        or "\U0001f3fb" <= after <= "\U0001f3ff"
        or "\U000e0020" <= after <= "\U000e007f"
    )


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
