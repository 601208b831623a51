"""wxbot: a WeChat Official Account server that keeps the window, the quota and its promises."""

from wxbot.protocol.content import (
    Article,
    File,
    Image,
    MenuItem,
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
)
from wxbot.reply import filters
from wxbot.reply.bot import Bot
from wxbot.reply.context import Context, after
from wxbot.reply.plan import Plan, Planned, notice, step

__all__ = [
    "Article",
    "Bot",
    "Context",
    "File",
    "Image",
    "MenuItem",
    "MiniProgramPage",
    "MpNews",
    "MpNewsArticle",
    "MsgMenu",
    "Music",
    "News",
    "Plan",
    "Planned",
    "Text",
    "TransferCustomerService",
    "Video",
    "Voice",
    "WxCard",
    "after",
    "filters",
    "notice",
    "step",
]
