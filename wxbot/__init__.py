"""wxbot: a WeChat Official Account server that keeps the window, the quota and its promises."""

from wxbot.protocol.content import (
    Article,
    Image,
    MenuItem,
    MiniProgramPage,
    MsgMenu,
    Music,
    News,
    Text,
    TransferCustomerService,
    Video,
    Voice,
)
from wxbot.reply import filters
from wxbot.reply.bot import Bot
from wxbot.reply.context import Context, after
from wxbot.reply.plan import Plan, Planned, notice, step

__all__ = [
    "Article",
    "Bot",
    "Context",
    "Image",
    "MenuItem",
    "MiniProgramPage",
    "MsgMenu",
    "Music",
    "News",
    "Plan",
    "Planned",
    "Text",
    "TransferCustomerService",
    "Video",
    "Voice",
    "after",
    "filters",
    "notice",
    "step",
]
