"""The kinds of message in a body of the push API: `type`, and the fields of that content.

What the platform would refuse is refused here, by the rules of `protocol.content`.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from wxbot.errors import InvalidMessage
from wxbot.protocol import content
from wxbot.protocol.outgoing import message_json

# Told to callers, and checked by `protocol.content` with a better sentence: something that can be seen.
VISIBLE: dict[str, JsonValue] = {"minLength": 1, "pattern": r"[^\s\x00-\x1f\ufffe\uffff]"}
Filled = Annotated[str, Field(json_schema_extra=VISIBLE)]


class _Part(BaseModel):
    """Fields spelled as those of the value it makes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    makes: ClassVar[Callable[..., Any]]

    def made(self) -> Any:
        """Return the value; raises InvalidMessage."""
        fields = {name: getattr(self, name) for name in type(self).model_fields if name != "type"}
        return type(self).makes(**{name: _made(value) for name, value in fields.items()})


def _made(value: object) -> object:
    return [one.made() for one in value] if isinstance(value, list | tuple) else value


class _Kind(_Part):
    @model_validator(mode="after")
    def _is_sendable(self) -> Self:
        try:
            message_json(self.made())
        except InvalidMessage as exc:
            raise ValueError(str(exc)) from None
        return self


class TextIn(_Kind):
    """A text; `<a href>` links and newlines are shown."""

    makes = content.Text
    type: Literal["text"]
    content: Filled


class ImageIn(_Kind):
    """A picture by its media_id."""

    makes = content.Image
    type: Literal["image"]
    media_id: Filled


class VoiceIn(_Kind):
    """A voice note by its media_id."""

    makes = content.Voice
    type: Literal["voice"]
    media_id: Filled


class VideoIn(_Kind):
    """A video."""

    makes = content.Video
    type: Literal["video"]
    media_id: Filled
    thumb_media_id: Filled
    title: str = ""
    description: str = ""


class MusicIn(_Kind):
    """A piece of music by its links."""

    makes = content.Music
    type: Literal["music"]
    musicurl: Filled
    thumb_media_id: Filled
    hqmusicurl: str = ""
    title: str = ""
    description: str = ""


class ArticleIn(_Part):
    """One card of a news."""

    makes = content.Article
    title: Filled
    description: str = ""
    url: str = ""
    picurl: str = ""


class NewsIn(_Kind):
    """A card with picture and link."""

    makes = content.News
    type: Literal["news"]
    articles: Annotated[Sequence[ArticleIn], Field(min_length=1, max_length=1)]


class MenuItemIn(_Part):
    """One line of a msgmenu; its id comes back when it is tapped."""

    makes = content.MenuItem
    id: Filled
    content: Filled


class MsgMenuIn(_Kind):
    """A question whose answers can be tapped."""

    makes = content.MsgMenu
    type: Literal["msgmenu"]
    head_content: str
    list: Annotated[Sequence[MenuItemIn], Field(min_length=1)]
    tail_content: str = ""


class MpNewsIn(_Kind):
    """Articles of the old material library, by their media_id."""

    makes = content.MpNews
    type: Literal["mpnews"]
    media_id: Filled


class MpNewsArticleIn(_Kind):
    """A published article by its article_id."""

    makes = content.MpNewsArticle
    type: Literal["mpnewsarticle"]
    article_id: Filled


class WxCardIn(_Kind):
    """A card or coupon by its card_id."""

    makes = content.WxCard
    type: Literal["wxcard"]
    card_id: Filled


class MiniProgramPageIn(_Kind):
    """A card that opens a page of a linked mini program."""

    makes = content.MiniProgramPage
    type: Literal["miniprogrampage"]
    title: Filled
    appid: Filled
    pagepath: Filled
    thumb_media_id: Filled


Message = Annotated[
    TextIn
    | ImageIn
    | VoiceIn
    | VideoIn
    | MusicIn
    | NewsIn
    | MsgMenuIn
    | MiniProgramPageIn
    | MpNewsIn
    | MpNewsArticleIn
    | WxCardIn,
    Field(discriminator="type"),
]
