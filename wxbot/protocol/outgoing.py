"""Follow-ups: content as the JSON of the customer-service message interface.

JSON is raw UTF-8, since users have been shown `\\uXXXX` escapes as they stand.
Source: docs/platform.md §5.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from wxbot.errors import InvalidMessage
from wxbot.protocol.content import (
    MAX_TEXT,
    Content,
    Image,
    MiniProgramPage,
    MpNews,
    MpNewsArticle,
    MsgMenu,
    Music,
    News,
    Text,
    Video,
    Voice,
    WxCard,
    check_kf_account,
    id_of,
)
from wxbot.protocol.topic import check_topic
from wxbot.protocol.wire import printable

_MSGTYPE: dict[type[Any], str] = {
    Text: "text",
    Image: "image",
    Voice: "voice",
    Video: "video",
    Music: "music",
    News: "news",
    MpNews: "mpnews",
    MpNewsArticle: "mpnewsarticle",
    MsgMenu: "msgmenu",
    WxCard: "wxcard",
    MiniProgramPage: "miniprogrampage",
}


def dumps(value: object) -> str:
    """Return compact JSON with every character as itself; what XML forbids is left out here too.

    Control characters would become `\\u` escapes, and lone surrogates have no UTF-8.
    """
    return json.dumps(_printable(value), ensure_ascii=False, separators=(",", ":"))


def _printable(value: object) -> object:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {name: _printable(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(inner) for inner in value]
    return value


def message_json(content: Content, *, kf_account: str = "") -> str:
    """Return the message without its `touser`, as it is stored; raises InvalidMessage at a limit."""
    msgtype = _MSGTYPE.get(type(content))
    if msgtype is None:
        raise InvalidMessage(f"{type(content).__name__} cannot be a follow-up: return it as the reply")
    _check(content)
    message: dict[str, object] = {"msgtype": msgtype, msgtype: asdict(content)}
    if kf_account:
        check_kf_account(kf_account)
        message["customservice"] = {"kf_account": kf_account}
    return dumps(message)


def _check(content: Content) -> None:
    for name in ("media_id", "thumb_media_id"):
        id_of(getattr(content, name, ""))
    if isinstance(content, Text):
        check_text(content.content)
    if isinstance(content, Video) and not content.thumb_media_id:
        raise InvalidMessage("a Video follow-up needs thumb_media_id")
    if isinstance(content, News) and len(content.articles) != 1:
        raise InvalidMessage(f"a news follow-up has exactly 1 article, not {len(content.articles)}")


def check_text(text: str) -> None:
    """Raise InvalidMessage for a text that is too long for a follow-up."""
    if (size := len(text.encode())) > MAX_TEXT:
        raise InvalidMessage(f"a text follow-up holds at most {MAX_TEXT} bytes of UTF-8, this one has {size}")


def request_body(openid: str, message: str) -> bytes:
    """Return the body to POST: the stored message with its `touser` in front."""
    return ('{"touser":' + dumps(openid) + "," + message[1:]).encode()


def text_of(message: str) -> str | None:
    """Return the text of a stored message that is nothing but a text, None for any other."""
    stored = json.loads(message)
    return stored["text"]["content"] if set(stored) == {"msgtype", "text"} else None


def text_message(text: str) -> str:
    """Return a text as a stored message."""
    return dumps({"msgtype": "text", "text": {"content": text}})


def summary(message: str, width: int = 60) -> str:
    """Return what a stored message says in one line, for people."""
    stored = json.loads(message)
    msgtype = stored["msgtype"]
    inner = stored[msgtype]
    names = ("content", "title", "head_content", "media_id", "musicurl", "article_id", "card_id")
    text = next((inner[name] for name in names if inner.get(name)), "")
    text = " ⏎ ".join((inner["articles"][0]["title"] if msgtype == "news" else text).splitlines())
    line = text if msgtype == "text" else f"[{msgtype}] {text}"
    return line if len(line) <= width else line[: width - 1] + "…"


OnClosed = Literal["hold", "drop", "template"]
Priority = Literal["normal", "decisive"]
OnDoubt = Literal["resend", "park"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """What is to be sent, when, and what to do when it cannot be.

    `message` is JSON without its touser; times are Unix seconds. Raises InvalidMessage when it
    could never be sent.
    """

    message: str
    due_at: float
    not_after: float | None = None  # of no use later than this
    key: str | None = None  # a second one for the same user with the same key is the first one
    on_closed: OnClosed = "hold"  # when the window is closed
    priority: Priority = "normal"
    coalesce: str | None = None  # replaces the waiting ones with the same value
    on_doubt: OnDoubt = "resend"  # when it may or may not have arrived
    topic: str | None = None  # whose quiet hours and fallback count for it
    facts: str = "{}"  # JSON object of texts: what a template message may name
    lane: str = "followup"  # chat | decisive | followup | broadcast: in each, a user's messages keep their order

    def __post_init__(self) -> None:
        if self.not_after is not None and not self.not_after > self.due_at:  # also when it is no number
            raise InvalidMessage(f"not_after ({self.not_after:.0f}) must be later than due_at ({self.due_at:.0f})")
        if self.topic is not None:
            check_topic(self.topic)
        for name in ("key", "coalesce"):
            value = getattr(self, name)
            if value is not None and printable(value) != value:
                raise InvalidMessage(f"{name} holds characters that cannot be stored: {value!r}")
        if self.priority == "decisive" and self.lane == "followup":
            object.__setattr__(self, "lane", "decisive")  # it never waits behind a normal one
