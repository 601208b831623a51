"""Passive replies: content as the XML that answers a push.

Source: docs/platform.md §3.
"""

from collections.abc import Mapping

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
    TransferCustomerService,
    Video,
    Voice,
    WxCard,
    id_of,
    split_text,
)
from wxbot.protocol.events import Event, UnsubscribeEvent
from wxbot.protocol.messages import Push
from wxbot.protocol.wire import Tree, render

_ANSWERED = {"subscribe", "scan", "click", "scancode_waitmsg"}
NO_REPLY = b"success"  # what the platform takes as "nothing to say"; an empty reply shows a failure notice


def reply_xml(content: Content, push: Push, now: int) -> bytes:
    """Return the reply to `push`, UTF-8; `now` is CreateTime in Unix seconds.

    Raises InvalidMessage for content that cannot be a passive reply.
    """
    tree: dict[str, Tree] = {
        "ToUserName": push.FromUserName,
        "FromUserName": push.ToUserName,
        "CreateTime": now,
    }
    return render({**tree, **_inner(content, push)}).encode()


def _inner(content: Content, push: Push) -> Mapping[str, Tree]:
    match content:
        case Text():
            if len(content.content.encode()) > MAX_TEXT:
                raise InvalidMessage(f"a text reply holds at most {MAX_TEXT} bytes; split_text cuts it")
            return {"MsgType": "text", "Content": content.content}
        case Image():
            return {"MsgType": "image", "Image": {"MediaId": id_of(content.media_id)}}
        case Voice():
            return {"MsgType": "voice", "Voice": {"MediaId": id_of(content.media_id)}}
        case Video():
            return {"MsgType": "video", "Video": _video(content)}
        case Music():
            return {"MsgType": "music", "Music": _music(content)}
        case News():
            return _news(content, push)
        case TransferCustomerService():
            named: dict[str, Tree] = {"TransInfo": {"KfAccount": content.kf_account}} if content.kf_account else {}
            return {"MsgType": "transfer_customer_service", **named}
        case _:
            raise InvalidMessage(f"{type(content).__name__} cannot be a passive reply: send it as a follow-up")


def _filled(**fields: str) -> dict[str, Tree]:
    return {name: value for name, value in fields.items() if value}


def _video(video: Video) -> Tree:
    return _filled(MediaId=id_of(video.media_id), Title=video.title, Description=video.description)


def _music(music: Music) -> Tree:
    return _filled(
        Title=music.title,
        Description=music.description,
        MusicUrl=music.musicurl,
        HQMusicUrl=music.hqmusicurl,
        ThumbMediaId=id_of(music.thumb_media_id),
    )


def _news(news: News, push: Push) -> Mapping[str, Tree]:
    """One article in answer to a message, since the platform drops the others; all to an event."""
    articles = news.articles if isinstance(push, Event) else news.articles[:1]
    items: list[Tree] = [
        {"Title": one.title, "Description": one.description, "PicUrl": one.picurl, "Url": one.url}
        for one in articles
    ]
    return {"MsgType": "news", "ArticleCount": len(items), "Articles": items}


def passive_and_rest(said: Content | None, push: Push) -> tuple[Content | None, list[Content]]:
    """Return what of `said` answers `push` at once, and what must follow it as follow-ups.

    Nothing is said to a user who has left. A long text goes on in follow-ups; of several articles
    in answer to a message the first remains, since the platform drops the others.
    """
    if isinstance(push, UnsubscribeEvent):
        return None, []
    match said:
        case Text():
            first, *others = split_text(said.content)
            return Text(first), [Text(part) for part in others]
        case MsgMenu() | MiniProgramPage() | MpNews() | MpNewsArticle() | WxCard():
            return None, [said]
        case News() if not isinstance(push, Event):
            return News(said.articles[:1]), []
        case _:
            return said, []


def takes_reply(push: Push) -> bool:
    """Return whether the platform shows the user what we answer to this push; to most events it does not."""
    return not isinstance(push, Event) or push.Event.lower() in _ANSWERED
