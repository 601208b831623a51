"""What the platform reports of jobs it did for us, and of what users chose, as typed values.

What it lists comes once or many times, in one element or in several: each is a list here, whatever came.
Source: docs/platform.md §2.3.
"""

import re
from dataclasses import dataclass

from wxbot.protocol.events import Event
from wxbot.protocol.wire import Fields, children_of, number, text_of, texts_of

_ERR = re.compile(r"err\((\d{1,9})\)", re.ASCII)


def _whole(fields: Fields, name: str) -> int:
    return int(number(text_of(fields, name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateSendJobFinishEvent(Event):
    """What became of a template message; compare `Status` by `succeeded` and `why`, its wording varies."""

    MsgID: str = ""
    Status: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether it was delivered."""
        return self.Status.strip().lower() == "success"

    @property
    def why(self) -> str:
        """Why it was not delivered, lower-cased: `user block`, `system failed`, others; `""` when it was."""
        status = self.Status.strip().lower()
        return "" if self.succeeded else status.removeprefix("failed").lstrip(": ")


@dataclass(frozen=True, slots=True)
class Copyright:
    """What the platform found of one article of a mass message."""

    ArticleIdx: int
    UserDeclareState: int
    AuditState: int
    OriginalArticleUrl: str
    OriginalArticleType: int
    CanReprint: int
    NeedReplaceContent: int
    NeedShowReprintSource: int


@dataclass(frozen=True, slots=True)
class ArticleUrl:
    """Where an article is to be read; `idx` counts from 1."""

    idx: int
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MassSendJobFinishEvent(Event):
    """What became of a mass message."""

    MsgID: str = ""
    Status: str = ""
    TotalCount: int = 0
    FilterCount: int = 0
    SentCount: int = 0
    ErrorCount: int = 0

    @property
    def succeeded(self) -> bool:
        """Whether it was sent."""
        return self.Status.strip().lower() == "send success"

    @property
    def err(self) -> int:
        """The number in `err(…)` when it was refused, 0 without one: 20013 copyright, 40002 no admin in time."""
        found = _ERR.search(self.Status)
        return int(found[1]) if found else 0

    @property
    def CheckState(self) -> int:
        """The copyright check as a whole: 1 none, 2 may be sent, 3 may not."""
        found = children_of(self.fields, "CopyrightCheckResult")
        return _whole(found[0], "CheckState") if found else 0

    @property
    def copyright(self) -> list[Copyright]:
        """The copyright check of each article."""
        return [
            Copyright(
                ArticleIdx=_whole(one, "ArticleIdx"),
                UserDeclareState=_whole(one, "UserDeclareState"),
                AuditState=_whole(one, "AuditState"),
                OriginalArticleUrl=text_of(one, "OriginalArticleUrl"),
                OriginalArticleType=_whole(one, "OriginalArticleType"),
                CanReprint=_whole(one, "CanReprint"),
                NeedReplaceContent=_whole(one, "NeedReplaceContent"),
                NeedShowReprintSource=_whole(one, "NeedShowReprintSource"),
            )
            for one in children_of(self.fields, "CopyrightCheckResult", "ResultList", "item")
        ]

    @property
    def articles(self) -> list[ArticleUrl]:
        """The link of each article."""
        rows = children_of(self.fields, "ArticleUrlResult", "ResultList", "item")
        return [ArticleUrl(_whole(one, "ArticleIdx"), text_of(one, "ArticleUrl")) for one in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishJobFinishEvent(Event):
    """What became of an article's publication; the platform writes its elements in snake_case."""

    @property
    def publish_id(self) -> str:
        """The job, as the call that began it named it."""
        return self._text("publish_id")

    @property
    def publish_status(self) -> int:
        """0 published, 1 being published, 2 original refused, 3 failed, 4 audit refused, 5 deleted, 6 banned.

        -1 when it is not told, since 0 is good news.
        """
        text = self._text("publish_status")
        return int(number(text)) if text else -1

    @property
    def article_id(self) -> str:
        """The published article, as messages name it."""
        return self._text("article_id")

    @property
    def articles(self) -> list[ArticleUrl]:
        """The link of each article."""
        rows = children_of(self.fields, "PublishEventInfo", "article_detail", "item")
        return [ArticleUrl(_whole(one, "idx"), text_of(one, "article_url")) for one in rows]

    @property
    def fail_idx(self) -> list[int]:
        """The articles that were refused, counted from 1."""
        infos = children_of(self.fields, "PublishEventInfo")
        return [int(number(text)) for info in infos for text in texts_of(info, "fail_idx")]

    def _text(self, name: str) -> str:
        found = children_of(self.fields, "PublishEventInfo")
        return text_of(found[0], name) if found else ""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a user chose for one notification; `PopupScene` is 1 on a page, 2 in an article, 0 when not told."""

    TemplateId: str
    SubscribeStatusString: str  # accept | reject
    PopupScene: int = 0

    @property
    def accepted(self) -> bool:
        """Whether the user wants it."""
        return self.SubscribeStatusString.strip().lower() == "accept"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribeMsgPopupEvent(Event):
    """A user was asked about notifications, and chose."""

    @property
    def choices(self) -> list[Choice]:
        """What was chosen, by template."""
        return _choices(self.fields, "SubscribeMsgPopupEvent")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribeMsgChangeEvent(Event):
    """A user changed what notifications they get, in their settings."""

    @property
    def choices(self) -> list[Choice]:
        """What was changed, by template."""
        return _choices(self.fields, "SubscribeMsgChangeEvent")


def _choices(fields: Fields, element: str) -> list[Choice]:
    return [
        Choice(text_of(row, "TemplateId"), text_of(row, "SubscribeStatusString"), _whole(row, "PopupScene"))
        for row in children_of(fields, element, "List")
    ]


@dataclass(frozen=True, slots=True)
class SentNotification:
    """What became of one notification; `ErrorCode` is `0` when it was delivered."""

    TemplateId: str
    MsgID: str
    ErrorCode: str
    ErrorStatus: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribeMsgSentEvent(Event):
    """What became of subscription notifications."""

    @property
    def results(self) -> list[SentNotification]:
        """What became of each."""
        return [
            SentNotification(
                text_of(row, "TemplateId"),
                text_of(row, "MsgID") or text_of(row, "MsgId"),
                text_of(row, "ErrorCode"),
                text_of(row, "ErrorStatus"),
            )
            for row in children_of(self.fields, "SubscribeMsgSentEvent", "List")
        ]
